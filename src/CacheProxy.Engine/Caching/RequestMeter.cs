using CacheProxy.Engine.Caching.Explaining;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Storage;
using CacheProxy.Engine.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CacheProxy.Engine.Caching;

/// <summary>Counts every request once, with the result that its headers show; and keeps the sums that the guide's statistics are made of.</summary>
internal sealed partial class RequestMeter(CacheMetrics metrics, DecisionRing ring, TimeProvider time, ILogger<RequestMeter> logger)
{
    private const string NoPolicy = "none";
    private readonly PolicyMetersCatalog _catalog = new(metrics, [.. Enum.GetValues<CacheResult>().Select(DecisionTable.Label)]);
    private long _hits;
    private long _misses;

    public long Hits => Volatile.Read(ref _hits);

    public long Misses => Volatile.Read(ref _misses);

    public long Start() => time.GetTimestamp();

    /// <summary>Counts an answer from what was stored.</summary>
    public void Hit(HttpContext context, CachePolicy policy, in Answer answer, long started, MemoryEntry entry)
    {
        Add(policy, answer.Result, context.Response.StatusCode, started);
        _catalog.Of(policy.Name).Saved.Inc(entry.Response.FillTime.TotalSeconds);
        if (DecisionRing.IsNamed(context)) ring.Add(context, policy, answer, entry.Response.PrimaryKey, started);
        Log(context, policy, answer, started);
    }

    /// <summary>Counts any other answer.</summary>
    public void Count(HttpContext context, CachePolicy? policy, in Answer answer, long started, string? key = null)
    {
        Add(policy, answer.Result, context.Response.StatusCode, started);
        ring.Add(context, policy, answer, key, started);
        Log(context, policy, answer, started);
    }

    private void Add(CachePolicy? policy, CacheResult result, int status, long started)
    {
        _catalog.Of(policy?.Name ?? NoPolicy).Count((int)result, status, time.GetElapsedTime(started).TotalSeconds);
        if (result is CacheResult.Hit or CacheResult.HitShared or CacheResult.Stale) Interlocked.Increment(ref _hits);
        else if (result is CacheResult.Miss or CacheResult.Collapsed or CacheResult.Revalidated) Interlocked.Increment(ref _misses);
    }

    // Never a key or what a client sent: for those explain has the trace.
    private void Log(HttpContext context, CachePolicy? policy, in Answer answer, long started)
    {
        if (!logger.IsEnabled(LogLevel.Debug)) return;
        LogDecision(
            logger, policy?.Name ?? NoPolicy, DecisionTable.Label(answer.Result), answer.Reason ?? "-", context.Response.StatusCode, time.GetElapsedTime(started).TotalMilliseconds,
            DecisionRing.TraceOf(context));
    }

    public void Bypassed(CachePolicy? policy, BypassReason reason) =>
        metrics.Bypass.WithLabels(policy?.Name ?? NoPolicy, DecisionTable.Label(reason)).Inc();

    [LoggerMessage(3107, LogLevel.Debug, "{Policy}: {Result} ({Reason}), status {Status}, {Milliseconds:F2} ms, trace {Trace}")]
    private static partial void LogDecision(ILogger logger, string policy, string result, string reason, int status, double milliseconds, string trace);
}
