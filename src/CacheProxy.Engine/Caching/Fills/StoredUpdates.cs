using CacheProxy.Engine.Http;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Storage;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>
/// What a 304 or a response to HEAD makes of a stored response (RFC 9111 §3.2, §4.3.4, §4.3.5). What it makes stays as old, for purges, as what
/// it was made from (INVALIDATION 3), and takes the place of exactly that, if it is still there.
/// </summary>
internal sealed class StoredUpdates(ResponseEvaluation evaluation, MemoryTier memory, TimeProvider time)
{
    /// <summary>The stored response is the right one still.</summary>
    public DecidedHead Validate(Fill fill, MemoryEntry confirmed, HeaderFields update, DateTimeOffset requestTime)
    {
        var old = confirmed.Response;
        if (Updated(fill, old, update, requestTime) is not { } response)
        {
            memory.Remove(confirmed, "replaced");
            fill.Ended = old;
            var once = old with { Headers = Freshening.Merge(old.Headers, update), RequestTime = requestTime, ResponseTime = time.GetUtcNow(), InitialAge = TimeSpan.Zero };
            return new DecidedHead(new FillOutcome.Serving(new MemoryEntry(once, time), CacheResult.Revalidated, null), null, null);
        }
        // One that a purge or a newer fill took is not brought back.
        var entry = memory.Replace(confirmed, response) ?? new MemoryEntry(response, time);
        return new DecidedHead(new FillOutcome.Serving(entry, CacheResult.Revalidated, null), null, response);
    }

    /// <summary>What HEAD says of the stored response.</summary>
    /// <returns>The updated response; <see langword="null"/> when there is none.</returns>
    public StoredResponse? ByHead(Fill fill, MemoryEntry stored, int status, HeaderFields head, DateTimeOffset requestTime)
    {
        var old = stored.Response;
        switch (Freshening.EffectOfHead(old.Status, old.Headers, old.Body.Length, status, head))
        {
            case HeadEffect.Freshens when Updated(fill, old, head, requestTime) is { } response:
                return memory.Replace(stored, response) is null ? null : response;
            case HeadEffect.Freshens:
                memory.Remove(stored, "replaced");
                fill.Ended = old;
                return null;
            case HeadEffect.Outdates:
                // Stale, not gone: it may still be validated.
                memory.Replace(stored, old with { FreshUntilAge = TimeSpan.Zero, StaleWhileRevalidate = TimeSpan.Zero });
                fill.Ended = old;
                return null;
            default:
                return null;
        }
    }

    private StoredResponse? Updated(Fill fill, StoredResponse old, HeaderFields update, DateTimeOffset requestTime)
    {
        var merged = Freshening.Merge(old.Headers, update);
        var stamp = fill.Snapshot is { } begun ? Parts.Smallest(old.Stamp, begun.Position) : (Position?)null;
        var (prototype, _) = evaluation.Evaluate(fill.Request, old.Status, merged, stamp, requestTime, time.GetUtcNow(), fill.Decision);
        return prototype is null ? null : prototype with
        {
            Body = old.Body,
            Coded = old.Coded,
            EntityTag = old.EntityTag,
            Selecting = old.Selecting,
            FillTime = old.FillTime,
            Tags = [.. old.Tags.Union(prototype.Tags)],
        };
    }
}
