using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Redis;
using CacheProxy.Engine.Telemetry;
using CacheProxy.Engine.Tests.Redis;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;

namespace CacheProxy.Engine.Tests.Invalidation;

/// <summary>Replicas of the product's own log in one process, on one Redis.</summary>
internal sealed class Cluster(RedisServer server, ConsistencyOptions options) : IAsyncDisposable
{
    private readonly List<(RedisInvalidationLog Log, RedisConnections Connections)> _members = [];

    /// <summary>Short enough for tests to wait leases out, long enough for a busy machine.</summary>
    public static ConsistencyOptions Quick { get; } = new() { Lease = TimeSpan.FromSeconds(1) };

    /// <summary>The length of W and Q under <see cref="Quick"/>.</summary>
    public static TimeSpan QuickWait { get; } = BootClock.Duration(PurgeWait.Length(Quick.Lease));

    public RedisServer Server => server;

    public static async Task<Cluster> StartAsync(ConsistencyOptions? options = null, params string[] arguments) =>
        new(await RedisServer.StartAsync(arguments), options ?? Quick);

    /// <summary>A replica that follows the log; the metrics are its own.</summary>
    public RedisInvalidationLog Join(string? connectionString = null, CacheMetrics? metrics = null, TimeSpan? timeout = null)
    {
        // A busy machine must not look like a Redis that is gone; tests of that say so.
        var connections = new RedisConnections(new()
        {
            ConnectionString = RedisConnectionString.Parse(connectionString ?? server.Address),
            Timeout = timeout ?? TimeSpan.FromSeconds(1),
        });
        var log = new RedisInvalidationLog(
            connections, options, metrics ?? NewMetrics(), TimeProvider.System, NullLogger<RedisInvalidationLog>.Instance);
        _members.Add((log, connections));
        log.Start();
        return log;
    }

    /// <summary>Several, each with a lease.</summary>
    public async Task<RedisInvalidationLog[]> JoinAsync(int count)
    {
        var logs = Enumerable.Range(0, count).Select(_ => Join()).ToArray();
        await LeasedAsync(logs);
        return logs;
    }

    /// <summary>Several, each with a lease, in an epoch that is old enough for purges to be quick.</summary>
    public async Task<RedisInvalidationLog[]> JoinSettledAsync(int count)
    {
        var logs = await JoinAsync(count);
        await SettledAsync(logs);
        return logs;
    }

    public static Task SettledAsync(params RedisInvalidationLog[] logs) => Poll.UntilAsync(
        () => logs.All(l => l.Replica.Adopted is { } a && BootClock.System.Now - a.At > PurgeWait.Length(l.Replica.Registered)), "the epoch is old enough");

    public static Task LeasedAsync(params RedisInvalidationLog[] logs) =>
        Poll.UntilAsync(() => logs.All(l => l.TakeRight(out _) == ServingRight.Full), "all replicas have a lease");

    public static CacheMetrics NewMetrics() => new(Metrics.WithCustomRegistry(Metrics.NewCustomRegistry()));

    public async ValueTask DisposeAsync()
    {
        foreach (var (log, connections) in _members)
        {
            log.Dispose();
            await connections.DisposeAsync();
        }

        await server.DisposeAsync();
    }
}
