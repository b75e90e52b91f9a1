using CacheProxy.Engine.Http;
using CacheProxy.Engine.Storage;
using CacheProxy.Engine.Telemetry;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>
/// What a response's head decides for a fill: it updates a stored response, completes a part, gives way to a stale one, or is a response of
/// its own.
/// </summary>
internal sealed class HeadDecision(ResponseEvaluation evaluation, StoredUpdates updates, MemoryTier memory, HitForMiss marks, CacheMetrics metrics, TimeProvider time)
{
    public DecidedHead Decide(Fill fill, FillBasis basis, int status, HeaderFields received, DateTimeOffset requestTime)
    {
        var stored = basis.Stored;
        if (status == 304)
        {
            return basis.Validates is { } validated && Freshening.Selects(validated.Response.Headers, received)
                ? updates.Validate(fill, validated, received, requestTime)
                : Unfitting(basis);
        }
        if (StatusFacts.AllowsStaleIfError(status) && stored is not null && Reuse.AllowsStaleOnError(stored))
            return new DecidedHead(StaleInsteadOf(stored, FillFailure.Unreachable), null, null);
        if (fill.Request.IsHead) return About(fill, stored, status, received, requestTime);
        if (basis.Completes is { } part) return status switch
        {
            206 => Complete(fill, part, received, requestTime) ?? DecidedHead.Again,
            416 => DecidedHead.Again,
            _ => Respond(fill, stored, status, received, requestTime),
        };
        return status == 206 && !basis.AsksRange ? Unfitting(basis) : Respond(fill, stored, status, received, requestTime);
    }

    /// <summary>A stale response where its window allows it, else the failure.</summary>
    public static FillOutcome StaleInsteadOf(MemoryEntry? stored, FillFailure failure) =>
        stored is not null && Reuse.AllowsStaleOnError(stored)
            ? new FillOutcome.Serving(stored, CacheResult.Stale, StaleReason.IfError)
            : new FillOutcome.Failed(failure);

    public void Count(Fill fill, Storable reason) =>
        metrics.NotStored.WithLabels(fill.Plan.Policy.Name, Storability.Label(reason)).Inc();

    private static DecidedHead Unasked { get; } = new(new FillOutcome.Failed(FillFailure.Unasked), null, null);

    private static DecidedHead Unfitting(FillBasis basis) => basis.IsPlain ? Unasked : DecidedHead.Again;

    private DecidedHead Respond(Fill fill, MemoryEntry? stored, int status, HeaderFields received, DateTimeOffset requestTime)
    {
        var (prototype, reason) = evaluation.Evaluate(fill.Request, status, received, fill.Snapshot?.Position, requestTime, time.GetUtcNow(), fill.Decision);
        // A 429 or 5xx never takes the place of what is within its window (DESIGN 4), whatever it says of itself.
        if (prototype is not null && status is 429 or >= 500 && stored is not null && Reuse.IsWithinWindow(stored)) (prototype, reason) = (null, Storable.Status);
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

    // §3.4: what is stored and what comes make the whole. As old, for purges, as the older of the two.
    private DecidedHead? Complete(Fill fill, MemoryEntry part, HeaderFields received, DateTimeOffset requestTime)
    {
        var now = time.GetUtcNow();
        if (Parts.FieldsOfWhole(part.Response, received, now) is not { } whole) return null;
        var stamp = fill.Snapshot is { } begun ? Parts.Smallest(begun.Position, part.Response.Stamp) : null;
        var (prototype, reason) = evaluation.Evaluate(fill.Request, 200, whole, stamp, requestTime, now, fill.Decision);
        var length = FillOutcome.Responding.LengthOf(whole);
        if (prototype is not null && length > fill.Plan.Policy.MaxEntrySize) (prototype, reason) = (null, Storable.TooLarge);
        if (prototype is not null) prototype = prototype with { Tags = [.. part.Response.Tags.Union(prototype.Tags)] };
        else NotStored(fill, part, 200, reason);
        var responding = new FillOutcome.Responding(200, prototype?.Headers ?? ResponseEvaluation.FieldsToPass(whole), prototype, reason) { ContentLength = length };
        if (prototype is not null && length is { } known) fill.Body.Expect(known);
        return new DecidedHead(responding, prototype, null) { Before = part.Response.Body };
    }

    // RFC 9111 §4.3.5: a HEAD passes, and may say that what is stored is the same still, or not any more.
    private DecidedHead About(Fill fill, MemoryEntry? stored, int status, HeaderFields received, DateTimeOffset requestTime)
    {
        fill.Body.StreamThrough();
        var responding = new FillOutcome.Responding(status, ResponseEvaluation.FieldsToPass(received), null, Storable.Method)
        {
            ContentLength = FillOutcome.Responding.LengthOf(received),
        };
        return new DecidedHead(responding, null, stored is null ? null : updates.ByHead(fill, stored, status, received, requestTime));
    }

    private void NotStored(Fill fill, MemoryEntry? stored, int status, Storable reason)
    {
        fill.Body.StreamThrough();
        Count(fill, reason);
        var policy = fill.Plan.Policy;
        // An answer that ends what was stored, though it is not stored itself (DESIGN 4): 2xx, 3xx, 404, 410; and 403 unless it is about one caller.
        var ends = status is (>= 200 and < 400) or 404 or 410 || (status == 403 && policy.AccessCheck is null && !policy.Shared);
        if (ends && stored is not null)
        {
            memory.Remove(stored, "replaced");
            fill.Ended = stored.Response;
        }
        var aboutCaller = policy.AccessCheck is not null && (status is 401 or 403 or 404 || status >= 500);
        if (!aboutCaller) marks.Mark(fill.Key);
    }
}

/// <summary>A head, decided.</summary>
/// <param name="Outcome">What the clients are told; <see langword="null"/> when the origin is asked again.</param>
/// <param name="Prototype">What will be stored at the end of the body.</param>
/// <param name="Freshened">What a 304 or a HEAD has made of the stored response.</param>
internal sealed record DecidedHead(FillOutcome? Outcome, StoredResponse? Prototype, StoredResponse? Freshened)
{
    /// <summary>What came does not fit what was asked.</summary>
    public static DecidedHead Again { get; } = new(null, null, null);

    /// <summary>Whether the origin is to be asked once more, plainly.</summary>
    public bool AsksAgain => Outcome is null;

    /// <summary>The stored beginning of the body.</summary>
    public ReadOnlyMemory<byte> Before { get; init; }
}
