using CacheProxy.Engine.Http;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Storage;
using CacheProxy.Engine.Telemetry;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>What a response's head decides for a fill: it updates a stored response, gives way to a stale one, or is a response of its own.</summary>
internal sealed class HeadDecision(ResponseEvaluation evaluation, MemoryTier memory, HitForMiss marks, CacheMetrics metrics, TimeProvider time)
{
    public DecidedHead Decide(Fill fill, MemoryEntry? stored, int status, HeaderFields received, DateTimeOffset requestTime)
    {
        if (status == 304) return stored is { Response.HasValidator: true } && Freshening.Selects(stored.Response.Headers, received) ? Validate(fill, stored, received, requestTime) : Unasked;
        if (status == 206) return Unasked;
        if (status is 500 or 502 or 503 or 504 && stored is not null && Reuse.AllowsStaleOnError(stored))
            return new DecidedHead(StaleInsteadOf(stored, FillFailure.Unreachable), null, null);

        var (prototype, reason) = evaluation.Evaluate(fill.Request, status, received, fill.Snapshot?.Position, requestTime, time.GetUtcNow());
        var responding = new FillOutcome.Responding(status, prototype?.Headers ?? ResponseEvaluation.FieldsToPass(received), prototype, reason)
        {
            ContentLength = FillOutcome.Responding.LengthOf(received),
        };
        if (prototype is not null && responding.ContentLength > fill.Plan.Policy.MaxEntrySize)
            responding = responding with { Prototype = prototype = null, Reason = Storable.TooLarge };
        if (prototype is null)
        {
            NotStored(fill, stored, status, responding.Reason);
        }
        else
        {
            marks.Clear(fill.Key);
            if (responding.ContentLength is { } length) fill.Body.Expect(length);
        }
        return new DecidedHead(responding, prototype, null);
    }

    /// <summary>A stale response where its window allows it, else the failure.</summary>
    public static FillOutcome StaleInsteadOf(MemoryEntry? stored, FillFailure failure) =>
        stored is not null && Reuse.AllowsStaleOnError(stored)
            ? new FillOutcome.Serving(stored, CacheResult.Stale, StaleReason.IfError)
            : new FillOutcome.Failed(failure);

    public void Count(Fill fill, Storable reason) =>
        metrics.NotStored.WithLabels(fill.Plan.Policy.Name, Storability.Label(reason)).Inc();

    private static DecidedHead Unasked { get; } = new(new FillOutcome.Failed(FillFailure.Unasked), null, null);

    private void NotStored(Fill fill, MemoryEntry? stored, int status, Storable reason)
    {
        fill.Body.StreamThrough();
        Count(fill, reason);
        var policy = fill.Plan.Policy;
        // An answer that ends what was stored, though it is not stored itself (DESIGN 4): 2xx, 3xx, 404, 410; and 403 unless it is about one caller.
        var ends = status is (>= 200 and < 400) or 404 or 410 || (status == 403 && policy.AccessCheck is null && !policy.Shared);
        if (ends && stored is not null) memory.Remove(stored, "replaced");
        var aboutCaller = policy.AccessCheck is not null && (status is 401 or 403 or 404 || status >= 500);
        if (!aboutCaller) marks.Mark(fill.Key);
    }

    // §4.3.4: the stored response is updated, and stays as old, for purges, as what it was made from.
    private DecidedHead Validate(Fill fill, MemoryEntry confirmed, HeaderFields update, DateTimeOffset requestTime)
    {
        var old = confirmed.Response;
        var merged = Freshening.Merge(old.Headers, update);
        var now = time.GetUtcNow();
        var stamp = fill.Snapshot is { } begun && begun.Epoch == old.Stamp.Epoch ? old.Stamp : (Position?)null;
        var (prototype, reason) = evaluation.Evaluate(fill.Request, old.Status, merged, stamp, requestTime, now);
        if (prototype is null)
        {
            Count(fill, reason);
            memory.Remove(confirmed, "replaced");
            var once = old with { Headers = merged, RequestTime = requestTime, ResponseTime = now, InitialAge = TimeSpan.Zero };
            return new DecidedHead(new FillOutcome.Serving(new MemoryEntry(once, time), CacheResult.Revalidated, null), null, null);
        }
        var response = prototype with
        {
            Body = old.Body,
            Coded = old.Coded,
            EntityTag = old.EntityTag,
            Selecting = old.Selecting,
            FillTime = old.FillTime,
            Tags = [.. old.Tags.Union(prototype.Tags)],
        };
        // Only the object that the request was based on is replaced; one that a purge or a newer fill took is not brought back.
        var entry = memory.Replace(confirmed, response) ?? new MemoryEntry(response, time);
        return new DecidedHead(new FillOutcome.Serving(entry, CacheResult.Revalidated, null), null, response);
    }
}

/// <summary>A head, decided.</summary>
/// <param name="Outcome">What the clients are told.</param>
/// <param name="Prototype">What will be stored at the end of the body.</param>
/// <param name="Freshened">What a 304 has made of the stored response.</param>
internal sealed record DecidedHead(FillOutcome Outcome, StoredResponse? Prototype, StoredResponse? Freshened);
