using CacheProxy.Engine.Telemetry;
using StackExchange.Redis;

namespace CacheProxy.Management.Statistics;

/// <summary>
/// Adds this replica's hits and misses to a hash in Redis each second, so that any replica can tell the sum. What could not be added while
/// Redis was away is added later; nothing waits for it.
/// </summary>
internal sealed partial class ReplicatedStatistics(
    ICacheStatistics own, TimeProvider time, ILogger<ReplicatedStatistics> logger, SharedStoreAccess? store = null) : BackgroundService
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);
    private static readonly RedisValue s_hits = "hits", s_misses = "misses";

    private readonly SemaphoreSlim _flushing = new(1, 1);
    private long _sentHits;
    private long _sentMisses;
    private bool _failed;

    /// <summary>Whether there is a Redis to add to.</summary>
    public bool IsShared => store is not null;

    /// <summary>The sum over replicas, this one's newest included; null when Redis does not answer.</summary>
    public async Task<(long Hits, long Misses)?> ReadSumAsync()
    {
        if (store is null || !await FlushAsync()) return null;
        try
        {
            if (store.Connection() is not { IsConnected: true } connection) return null;
            var values = await connection.GetDatabase().HashGetAsync(store.StatisticsKey, [s_hits, s_misses]).WaitAsync(store.Timeout, time);
            return (values[0].TryParse(out long hits) ? hits : 0, values[1].TryParse(out long misses) ? misses : 0);
        }
        catch (Exception exception) when (SharedStoreAccess.IsStoreFault(exception))
        {
            return null;
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await FlushAsync();
    }

    public override void Dispose()
    {
        _flushing.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (store is null) return;
        using var timer = new PeriodicTimer(s_interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) await FlushAsync();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the process; StopAsync adds the rest.
        }
    }

    /// <summary>Both fields or none, so that the rate never comes from halves.</summary>
    private async Task<bool> FlushAsync()
    {
        if (store is null) return false;
        await _flushing.WaitAsync();
        try
        {
            long hits = own.Hits, misses = own.Misses;
            if (store.Connection() is not { IsConnected: true } connection) return false;
            if (hits == _sentHits && misses == _sentMisses) return true;
            var transaction = connection.GetDatabase().CreateTransaction();
            _ = transaction.HashIncrementAsync(store.StatisticsKey, s_hits, hits - _sentHits);
            _ = transaction.HashIncrementAsync(store.StatisticsKey, s_misses, misses - _sentMisses);
            if (!await transaction.ExecuteAsync().WaitAsync(store.Timeout, time)) return false;
            (_sentHits, _sentMisses, _failed) = (hits, misses, false);
            return true;
        }
        catch (Exception exception) when (SharedStoreAccess.IsStoreFault(exception))
        {
            if (!_failed) LogNotAdded(logger, exception);
            _failed = true;
            return false;
        }
        finally
        {
            _flushing.Release();
        }
    }

    [LoggerMessage(7301, LogLevel.Debug, "This replica's counters could not be added to Redis. They are kept and added when it is back.")]
    private static partial void LogNotAdded(ILogger logger, Exception exception);
}
