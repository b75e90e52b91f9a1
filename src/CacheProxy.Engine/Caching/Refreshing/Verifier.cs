using System.IO.Hashing;
using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Storage;
using CacheProxy.Engine.Telemetry;
using Microsoft.Extensions.Logging;

namespace CacheProxy.Engine.Caching.Refreshing;

/// <summary>
/// Asks the origin again for what a hit was answered with, and compares: the way to find the event that a backend forgot to send. Nothing
/// of the answer is stored, and no client waits for it.
/// </summary>
internal sealed class Verifier(
    IOrigin origin, FillLimiter limiter, IInvalidationLog log, CacheHeaders headers, CacheMetrics metrics, Random random, ILogger<Verifier> logger)
{
    private const int MaxAtOnce = 8;
    private int _running;

    /// <summary>Whether this hit is one of the share.</summary>
    public bool IsChosen(double share)
    {
        if (share <= 0) return false;
        lock (random) return random.NextDouble() < share;
    }

    /// <summary>Starts a comparison, unless enough are under way.</summary>
    public void Start(FillRequest request, MemoryEntry entry)
    {
        if (Interlocked.Increment(ref _running) > MaxAtOnce)
        {
            Interlocked.Decrement(ref _running);
            return;
        }
        using (ExecutionContext.SuppressFlow()) _ = Task.Run(() => RunAsync(request, entry));
    }

    private async Task RunAsync(FillRequest request, MemoryEntry entry)
    {
        var outcome = "failed";
        try
        {
            using var permit = await limiter.EnterAsync(request.Endpoint, CancellationToken.None);
            if (permit.IsAcquired) outcome = await CompareAsync(request, entry);
        }
        catch (Exception exception)
        {
            Log.VerifyFailed(logger, exception, entry.Response.Policy);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
        metrics.Verify.WithLabels(entry.Response.Policy, outcome).Inc();
        if (outcome == "different") Log.VerifyFoundDifference(logger, entry.Response.Policy, entry.Response.PrimaryKey, (long)entry.Age.TotalSeconds);
    }

    private async Task<string> CompareAsync(FillRequest request, MemoryEntry entry)
    {
        var sink = new DigestSink();
        var result = await origin.SendAsync(new OriginRequest
        {
            Endpoint = request.Endpoint,
            RouteValues = request.RouteValues,
            Method = request.Method,
            Scheme = request.Scheme,
            Host = request.Host,
            Target = request.Plan.Target,
            Headers = headers.ForFill(request, FillBasis.Plain(null)),
            Body = request.Plan.Body,
            OnlyTheseHeaders = !request.Plan.Policy.FollowsOrigin,
            ClientAddress = request.ClientAddress,
        }, sink, CancellationToken.None);
        // A 5xx says nothing of what is right.
        if (result != OriginResult.Complete || sink.Status >= 500) return "failed";
        // Purged meanwhile: the event came, and the difference is what it was about.
        if (log.Current is not { } snapshot || entry.Check(snapshot) != Verdict.Valid) return "purged";
        return sink.Status == entry.Response.Status && sink.Digest.GetCurrentHashAsUInt128() == XxHash128.HashToUInt128(entry.Response.Body.Span) ? "same" : "different";
    }

    private sealed class DigestSink : IOriginSink
    {
        public int Status { get; private set; }

        public XxHash128 Digest { get; } = new();

        public void OnHead(int status, HeaderFields headers) => Status = status;

        public ValueTask OnBodyAsync(ReadOnlyMemory<byte> chunk, CancellationToken cancellationToken)
        {
            Digest.Append(chunk.Span);
            return ValueTask.CompletedTask;
        }
    }
}

internal static partial class Log
{
    [LoggerMessage(3102, LogLevel.Warning, "Policy {Policy}: the stored response for {Key}, {Age} s old, is not what the backend answers now, and no purge came. Look for the event that was not sent, or shorten the TTL")]
    public static partial void VerifyFoundDifference(ILogger logger, string policy, string key, long age);

    [LoggerMessage(3103, LogLevel.Error, "Policy {Policy}: a comparison with the backend failed by a fault of ours")]
    public static partial void VerifyFailed(ILogger logger, Exception exception, string policy);
}
