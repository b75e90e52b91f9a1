using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Storage;
using CacheProxy.Engine.Telemetry;
using Microsoft.Extensions.Logging;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>
/// Runs a fill, step by step:
/// <code>
/// 1 stamp      the position applied now, before anything is asked for
/// 2 memory     ─▶ what another fill has stored since the request looked ends the fill here
/// 3 shared     ─▶ shared tier: a fresh response ends the fill here; a stale one may be validated
/// 4 lock       ─▶ the other replicas: one of them asks, the others wait for what it stores
/// 5 origin     ─▶ head: validated (304), stale instead of an error, or a response: stored or not
/// 6 body       ◀─ chunks to all who wait
/// 7 store      memory, then (after the clients have their answer) the shared tier
/// </code>
/// </summary>
internal sealed class FillRunner(
    EarlierFills earlier, SharedFills shared, FillLimiter limiter, FillOrigin origin, MemoryTier memory, IInvalidationLog log, CacheMetrics metrics, ILogger<FillRunner> logger)
{
    // Of a thread that serves nobody: a fill belongs to none of its clients, and must not carry what flows with one of them.
    private static readonly ExecutionContext s_nobodys = ContextOfNobody();

    /// <summary>
    /// Starts the fill, detached from the caller's flow. Its first steps run here, until it waits for the first time: whoever starts it has
    /// nothing else to do, and a way through the pool's queue would cost more than they do.
    /// </summary>
    public void Start(Fill fill, Action<Fill> ended) =>
        ExecutionContext.Run(s_nobodys, static state => { var (runner, fill, ended) = ((FillRunner, Fill, Action<Fill>))state!; _ = runner.RunAsync(fill, ended); }, (this, fill, ended));

    private static ExecutionContext ContextOfNobody()
    {
        ExecutionContext? captured = null;
        var thread = new Thread(() => captured = ExecutionContext.Capture());
        thread.UnsafeStart();
        thread.Join();
        return captured!;
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
            if (!fill.Outcome.IsCompleted) fill.Decide(new FillOutcome.Failed(FillFailure.Canceled), isLast: true);
            fill.Complete(null);
            ended(fill);
            metrics.FillsInFlight.Dec();
            fill.HandBack();
        }
    }

    private async Task FindOrFetchAsync(Fill fill, Action<Fill> ended)
    {
        if (earlier.AnswerTo(fill) is { } meanwhile)
        {
            fill.Decide(new FillOutcome.Serving(meanwhile, CacheResult.Hit, null), isLast: true);
            return;
        }
        await using var turn = await shared.TakeTurnAsync(fill);
        if (turn.Fresh is { } found)
        {
            fill.Decide(new FillOutcome.Serving(found, CacheResult.HitShared, null), isLast: true);
            return;
        }
        StoredResponse? response;
        using (var permit = await limiter.EnterAsync(fill.Request.Endpoint, fill.Abandoned))
        {
            if (!permit.IsAcquired)
            {
                metrics.FillsRejected.Inc();
                fill.Decide(HeadDecision.StaleInsteadOf(turn.Stale, FillFailure.Rejected), isLast: true);
                return;
            }
            response = await origin.FetchAsync(fill, turn.Stale);
        }
        // What was stored is in memory: whoever comes now finds it there. The other replicas are told after the clients have their answer.
        ended(fill);
        if (turn.HasOthers) fill.HandOver();
        if (response is null) await turn.NotStoredAsync(fill.Ended);
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
