using System.Collections.Immutable;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Storage;
using CacheProxy.Engine.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

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
    IOrigin origin, MemoryTier memory, SharedFills shared, IInvalidationLog log, FillLimiter limiter, ResponseEvaluation evaluation,
    CacheHeaders headers, HitForMiss marks, CacheMetrics metrics, TimeProvider time, ILogger<FillRunner> logger)
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
            fill.Begin(log.Current);
            await FindOrFetchAsync(fill);
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

    private async Task FindOrFetchAsync(Fill fill)
    {
        await using var turn = await shared.TakeTurnAsync(fill);
        if (turn.Fresh is { } found)
        {
            fill.Decide(new FillOutcome.Serving(found, CacheResult.HitShared, null));
            return;
        }
        using var permit = await limiter.EnterAsync(fill.Request.Endpoint, fill.Abandoned);
        if (!permit.IsAcquired)
        {
            metrics.FillsRejected.Inc();
            fill.Decide(StaleInsteadOf(turn.Stale, FillFailure.Rejected));
            return;
        }
        await FetchAsync(fill, turn, turn.Stale);
    }

    private async Task FetchAsync(Fill fill, SharedTurn turn, MemoryEntry? stored)
    {
        var sink = new Sink(this, fill, stored, time.GetUtcNow(), time.GetTimestamp());
        var result = await origin.SendAsync(RequestFor(fill, stored), sink, fill.Abandoned);
        metrics.OriginDuration.WithLabels(fill.Plan.Policy.Name, DecisionTable.Kebab(result.ToString())).Observe(time.GetElapsedTime(sink.Started).TotalSeconds);
        if (sink.Prototype is { } prototype)
        {
            await EndAsync(fill, turn, prototype, result, time.GetElapsedTime(sink.Started));
            return;
        }
        fill.Body.End(broken: result != OriginResult.Complete);
        if (sink.Freshened is { } freshened)
        {
            await turn.StoreAsync(freshened);
            return;
        }
        if (sink.Outcome is null)
        {
            fill.Decide(StaleInsteadOf(stored, result switch
            {
                OriginResult.TimedOut => FillFailure.TimedOut,
                OriginResult.Canceled => FillFailure.Canceled,
                _ => FillFailure.Unreachable,
            }));
        }
        turn.NotStored();
    }

    private OriginRequest RequestFor(Fill fill, MemoryEntry? stored) => new()
    {
        Endpoint = fill.Request.Endpoint,
        RouteValues = fill.Request.RouteValues,
        Method = fill.Request.Method,
        Scheme = fill.Request.Scheme,
        Host = fill.Request.Host,
        Target = fill.Plan.Target,
        Headers = headers.ForFill(fill.Request, stored?.Response),
        Body = fill.Plan.Body,
        OnlyTheseHeaders = !fill.Plan.Policy.FollowsOrigin,
        ClientAddress = fill.Request.ClientAddress,
        Trace = fill.Request.Trace,
    };

    private FillOutcome StaleInsteadOf(MemoryEntry? stored, FillFailure failure) =>
        stored is not null && Reuse.AllowsStaleOnError(stored)
            ? new FillOutcome.Serving(stored, CacheResult.Stale, StaleReason.IfError)
            : new FillOutcome.Failed(failure);

    private async Task EndAsync(Fill fill, SharedTurn turn, StoredResponse prototype, OriginResult result, TimeSpan took)
    {
        var whole = result == OriginResult.Complete && fill.Body.IsWhole;
        if (whole)
        {
            var response = BodyTag.Add(prototype with { Body = fill.Body.ToMemory(), FillTime = took });
            var entry = memory.Add(response);
            marks.Clear(fill.Key);
            fill.Body.End(broken: false);
            fill.Complete(entry);
            await turn.StoreAsync(response);
            return;
        }
        fill.Body.End(broken: result != OriginResult.Complete);
        Count(fill, result == OriginResult.Complete ? Storable.TooLarge : Storable.Incomplete);
        turn.NotStored();
    }

    private void Count(Fill fill, Storable reason) =>
        metrics.NotStored.WithLabels(fill.Plan.Policy.Name, DecisionTable.Kebab(reason.ToString())).Inc();

    /// <summary>Takes the origin's answer for one fill.</summary>
    private sealed class Sink(FillRunner runner, Fill fill, MemoryEntry? stored, DateTimeOffset requestTime, long started) : IOriginSink
    {
        public long Started => started;

        public FillOutcome? Outcome { get; private set; }

        public StoredResponse? Prototype { get; private set; }

        public void OnHead(int status, HeaderFields received)
        {
            Outcome = Decide(status, ConnectionFields.EndToEnd(received));
            fill.Decide(Outcome);
        }

        public ValueTask OnBodyAsync(ReadOnlyMemory<byte> chunk, CancellationToken cancellationToken) =>
            Outcome is FillOutcome.Responding ? fill.Body.AppendAsync(chunk, cancellationToken) : ValueTask.CompletedTask;

        private FillOutcome Decide(int status, HeaderFields received)
        {
            if (status == 304) return stored is null || !stored.Response.HasValidator ? new FillOutcome.Failed(FillFailure.Unasked) : Validated(stored, received);
            if (status == 206) return new FillOutcome.Failed(FillFailure.Unasked);
            if (status is 500 or 502 or 503 or 504 && stored is not null && Reuse.AllowsStaleOnError(stored))
                return new FillOutcome.Serving(stored, CacheResult.Stale, StaleReason.IfError);

            var (prototype, reason) = runner.evaluation.Evaluate(
                fill.Request, status, received, fill.Snapshot?.Position, requestTime, runner.time.GetUtcNow());
            var forward = fill.Stored is null ? ForwardReason.UriMiss : ForwardReason.Stale;
            var responding = new FillOutcome.Responding(status, prototype?.Headers ?? ResponseEvaluation.FieldsToPass(received), prototype, reason, forward);
            if (prototype is not null && responding.ContentLength > fill.Plan.Policy.MaxEntrySize)
                responding = responding with { Prototype = prototype = null, Reason = Storable.TooLarge };
            Prototype = prototype;
            if (prototype is null) Unstored(status, responding.Reason);
            else if (responding.ContentLength is { } length) fill.Body.Expect(length);
            return responding;
        }

        private void Unstored(int status, Storable reason)
        {
            fill.Body.StreamThrough();
            runner.Count(fill, reason);
            var policy = fill.Plan.Policy;
            // An answer that replaces what was stored, though it is not stored itself (DESIGN 4): 2xx, 3xx, 404 and 410; and 403 unless it is about one caller.
            var ends = status is (>= 200 and < 400) or 404 or 410 || (status == 403 && policy.AccessCheck is null && !policy.Shared);
            if (ends && stored is not null) runner.memory.Remove(stored, "replaced");
            var aboutCaller = policy.AccessCheck is not null && (status is 401 or 403 or 404 || status >= 500);
            if (!aboutCaller) runner.marks.Mark(fill.Key);
        }

        // §4.3.4: the stored response is updated, and stays as old as what it was made from.
        private FillOutcome Validated(MemoryEntry confirmed, HeaderFields update)
        {
            var old = confirmed.Response;
            var merged = Freshening.Merge(old.Headers, update);
            var now = runner.time.GetUtcNow();
            var (prototype, reason) = runner.evaluation.Evaluate(fill.Request, old.Status, merged, Earlier(old.Stamp, fill.Snapshot), requestTime, now);
            if (prototype is null)
            {
                runner.Count(fill, reason);
                runner.memory.Remove(confirmed, "replaced");
                var once = new MemoryEntry(old with { Headers = merged, RequestTime = requestTime, ResponseTime = now, InitialAge = TimeSpan.Zero }, runner.time);
                return new FillOutcome.Serving(once, CacheResult.Revalidated, null);
            }
            var response = prototype with
            {
                Body = old.Body,
                EntityTag = old.EntityTag,
                Selecting = old.Selecting,
                FillTime = old.FillTime,
                Tags = [.. old.Tags.Union(prototype.Tags)],
            };
            Freshened = response;
            // Replaces only the object that the request was based on; one that a purge or a newer fill took is not brought back.
            var entry = runner.memory.Replace(confirmed, response) ?? new MemoryEntry(response, runner.time);
            return new FillOutcome.Serving(entry, CacheResult.Revalidated, null);
        }

        public StoredResponse? Freshened { get; private set; }

        private static Position? Earlier(Position stamp, Snapshot? begun) =>
            begun is null || begun.Epoch != stamp.Epoch ? null : stamp;
    }
}

internal static partial class Log
{
    [LoggerMessage(3001, LogLevel.Error, "A fill of policy {Policy} failed by a fault of ours; its clients got 502")]
    public static partial void FillFailed(ILogger logger, Exception exception, string policy);
}
