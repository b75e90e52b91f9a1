using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Telemetry;

namespace CacheProxy.Engine.Caching;

/// <summary>Counts every request once, with the result that its headers show; and keeps the sums that the guide's statistics are made of.</summary>
internal sealed class RequestMeter(CacheMetrics metrics, TimeProvider time)
{
    private const string NoPolicy = "none";
    private readonly PolicyMetersCatalog _catalog = new(metrics, [.. Enum.GetValues<CacheResult>().Select(DecisionTable.Label)]);
    private long _hits;
    private long _misses;

    public long Hits => Volatile.Read(ref _hits);

    public long Misses => Volatile.Read(ref _misses);

    public long Start() => time.GetTimestamp();

    public void Hit(CachePolicy policy, CacheResult result, int status, long started, TimeSpan saved)
    {
        Count(policy, result, status, started);
        _catalog.Of(policy.Name).Saved.Inc(saved.TotalSeconds);
    }

    public void Count(CachePolicy? policy, CacheResult result, int status, long started)
    {
        _catalog.Of(policy?.Name ?? NoPolicy).Count((int)result, status, time.GetElapsedTime(started).TotalSeconds);
        if (result is CacheResult.Hit or CacheResult.HitShared or CacheResult.Stale) Interlocked.Increment(ref _hits);
        else if (result is CacheResult.Miss or CacheResult.Collapsed or CacheResult.Revalidated) Interlocked.Increment(ref _misses);
    }

    public void Bypassed(CachePolicy? policy, BypassReason reason) =>
        metrics.Bypass.WithLabels(policy?.Name ?? NoPolicy, DecisionTable.Label(reason)).Inc();
}
