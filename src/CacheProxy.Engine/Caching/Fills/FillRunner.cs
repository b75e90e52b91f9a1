using CacheProxy.Engine.Caching.Refreshing;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Storage;
using CacheProxy.Engine.Telemetry;
using Microsoft.Extensions.Logging;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>
/// Runs a fill, step by step:
/// <code>
/// 1 stamp      the position applied now, before anything is asked for
/// 2 shared     ─▶ shared tier: a fresh response ends the fill here; a stale one may be validated
/// 3 lock       ─▶ the other replicas: one of them asks, the others wait for what it stores
/// 4 origin     ─▶ head: validated (304), stale instead of an error, or a response: stored or not
/// 5 body       ◀─ chunks to all who wait
/// 6 store      memory, then (after the clients have their answer) the shared tier
/// </code>
/// </summary>
internal sealed class FillRunner(
    SharedFills shared, FillLimiter limiter, FillOrigin origin, MemoryTier memory, CacheHeaders headers, IInvalidationLog log, CacheMetrics metrics, ILogger<FillRunner> logger)
{
    /// <summary>Starts the fill on its own, detached from the caller's flow.</summary>
    public void Start(Fill fill, Action<Fill> ended)
    {
        using (ExecutionContext.SuppressFlow()) _ = Task.Run(() => RunAsync(fill, ended));
    }

    private async Task RunAsync(Fill fill, Action<Fill> ended)
    {
        metrics.FillsInFlight.Inc();
        try
        {
            fill.Begin(log);
            await FindOrFetchAsync(fill, ended);
        }
        catch (OperationCanceledException) when (fill.Abandoned.IsCancellationRequested)
        {
            fill.Body.End(broken: true);
        }
        catch (Exception exception)
        {
            // A fault of ours: the clients get their 502, and the key is free again.
            Log.FillFailed(logger, exception, fill.Plan.Policy.Name);
            fill.Body.End(broken: true);
            fill.Decide(new FillOutcome.Failed(FillFailure.Unreachable));
        }
        finally
        {
            fill.Decide(new FillOutcome.Failed(FillFailure.Canceled));
            fill.Complete(null);
            ended(fill);
            metrics.FillsInFlight.Dec();
        }
    }

    private async Task FindOrFetchAsync(Fill fill, Action<Fill> ended)
    {
        await using var turn = await shared.TakeTurnAsync(fill);
        if (turn.Fresh is { } found)
        {
            KeptRequest.Keep(found, fill.Request, headers);
            memory.Recount(found);
            fill.Decide(new FillOutcome.Serving(found, CacheResult.HitShared, null));
            return;
        }
        StoredResponse? response;
        using (var permit = await limiter.EnterAsync(fill.Request.Endpoint, fill.Abandoned))
        {
            if (!permit.IsAcquired)
            {
                metrics.FillsRejected.Inc();
                fill.Decide(HeadDecision.StaleInsteadOf(turn.Stale, FillFailure.Rejected));
                return;
            }
            response = await origin.FetchAsync(fill, turn.Stale);
        }
        // What was stored is in memory: whoever comes now finds it there. The other replicas are told after the clients have their answer.
        ended(fill);
        if (response is null) turn.NotStored();
        else await turn.StoreAsync(response);
        // Stored compressed for the others: that coding is here now, too.
        if (fill.Completed is { IsCompletedSuccessfully: true, Result: { } entry }) memory.Recount(entry);
    }
}

internal static partial class Log
{
    [LoggerMessage(3001, LogLevel.Error, "A fill of policy {Policy} failed by a fault of ours; its clients got 502")]
    public static partial void FillFailed(ILogger logger, Exception exception, string policy);
}
