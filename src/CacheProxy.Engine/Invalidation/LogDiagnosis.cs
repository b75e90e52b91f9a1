using StackExchange.Redis;

namespace CacheProxy.Engine.Invalidation;

/// <summary>Looks whether a Redis can carry the log, before a replica needs it.</summary>
public static class LogDiagnosis
{
    /// <summary>Tries each command that the log and the shared tier use.</summary>
    /// <param name="connection">A connection with the user that the proxy has.</param>
    /// <param name="instanceName"><c>Redis:InstanceName</c>.</param>
    /// <returns>The refused ones; none when all is well.</returns>
    public static IReadOnlyList<string> RefusedCommands(IConnectionMultiplexer connection, string instanceName)
    {
        ArgumentNullException.ThrowIfNull(connection);
        try
        {
            return LogRights.Refused(connection, new LogNames(instanceName));
        }
        catch (RedisServerException exception) when (RedisFailures.IsRefused(exception.Message))
        {
            return ["EVAL", "EVALSHA"];
        }
    }
}
