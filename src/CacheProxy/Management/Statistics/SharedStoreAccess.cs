using StackExchange.Redis;

namespace CacheProxy.Management.Statistics;

/// <summary>How the statistics reach Redis. Not registered at all without Redis.</summary>
/// <param name="Connection">The shared tier's connection; null until there is one.</param>
/// <param name="InstanceName"><c>Redis:InstanceName</c>, the prefix of all our names.</param>
/// <param name="Timeout"><c>Redis:Timeout</c>: how long one call may take.</param>
public sealed record SharedStoreAccess(Func<IConnectionMultiplexer?> Connection, string InstanceName, TimeSpan Timeout)
{
    /// <summary>The names of stored responses begin with this (the store's own infix).</summary>
    public string EntryPrefix => InstanceName + "__MSOCV_";

    /// <summary>The hash in which the replicas add up their counters.</summary>
    public string StatisticsKey => InstanceName + "stats";

    /// <summary>Whether an exception means that Redis, or the way to it, failed; the connection's disposal at the end of the process included.</summary>
    internal static bool IsStoreFault(Exception exception) =>
        exception is RedisException or RedisCommandException or TimeoutException or ObjectDisposedException;
}
