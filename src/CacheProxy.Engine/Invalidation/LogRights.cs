using CacheProxy.Engine.Redis;
using StackExchange.Redis;

namespace CacheProxy.Engine.Invalidation;

/// <summary>
/// Tries every right that the log needs before the first heartbeat, so that what is missing is named at once and not by the first purge.
/// Until nothing is missing there is no lease.
/// </summary>
internal sealed class LogRights(LogNames names, string instanceName)
{
    private volatile bool _proven;

    /// <summary>Something was refused: all are tried again.</summary>
    public void Doubt() => _proven = false;

    public void Require(IConnectionMultiplexer connection)
    {
        if (_proven) return;
        var refused = Refused(connection, names);
        if (refused.Count > 0)
        {
            throw new LogTransportException(
                LogFailure.NoRights,
                $"The user of Redis may not use {string.Join(", ", refused.Distinct(StringComparer.Ordinal))}; without them there is no lease. {RedisRights.Remedy(instanceName)}");
        }

        _proven = true;
    }

    /// <summary>The commands that are refused; the scripts themselves must not be.</summary>
    public static IReadOnlyList<string> Refused(IConnectionMultiplexer connection, LogNames names)
    {
        var database = connection.GetDatabase();
        var refused = ((string?[]?)LogScripts.Rights.Evaluate(database, names.Probe, [names.RecordChannel, names.AcknowledgementChannel]) ?? []).OfType<string>().ToList();
        if (!MayScan(database)) refused.Add("SCAN");
        return refused;
    }

    // Not in the script: a script of Garnet's that scans what it wrote never ends.
    private static bool MayScan(IDatabase database)
    {
        try
        {
            database.Execute("SCAN", "0", "COUNT", "1");
            return true;
        }
        catch (RedisException exception) when (RedisFailures.IsRefused(exception.Message))
        {
            return false;
        }
    }
}
