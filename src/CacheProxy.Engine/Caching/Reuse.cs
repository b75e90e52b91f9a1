using CacheProxy.Engine.Caching.Serving;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Storage;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Caching;

/// <summary>What a stored response may be used for (RFC 9111 §4). Pure but for the entry's age and the time of day.</summary>
internal static class Reuse
{
    /// <summary>Among the stored responses of a key the valid ones that answer this request; the youngest of several (§4.1).</summary>
    public static Selected Select(Variants entries, RequestPlan plan, in RequestSelection selection, Snapshot snapshot)
    {
        MemoryEntry? whole = null, part = null;
        var others = false;
        foreach (var entry in entries)
        {
            var response = entry.Response;
            if (response.Fingerprint != plan.Policy.Fingerprint || entry.Check(snapshot) == Verdict.Invalid) continue;
            if (!selection.Matches(response))
            {
                others = true;
                continue;
            }
            ref var best = ref response.IsPartial ? ref part : ref whole;
            if (best is null || response.ResponseTime > best.Response.ResponseTime) best = entry;
        }
        return new(whole, part, others);
    }

    /// <summary>Within its freshness lifetime, and not behind a soft purge.</summary>
    public static bool IsFresh(MemoryEntry entry, Snapshot snapshot) =>
        entry.Age < entry.Response.FreshUntilAge && entry.Check(snapshot) == Verdict.Valid;

    /// <summary>Whether it may be sent at once, under the request's own directives where the policy honours them (§5.2.1).</summary>
    public static bool IsFreshEnough(MemoryEntry entry, Snapshot snapshot, CacheControl? directives)
    {
        if (entry.Response.AlwaysValidate || !IsFresh(entry, snapshot)) return false;
        return directives is null || Freshness.AllowsRequest(directives, CacheControl.None, entry.Age, entry.Response.FreshUntilAge);
    }

    /// <summary>Whether it answers a request at once: fresh enough for it, and no precondition that is the origin's to judge.</summary>
    public static bool Answers(MemoryEntry entry, Snapshot snapshot, CacheControl? directives, string method, IHeaderDictionary headers, TimeProvider time) =>
        IsFreshEnough(entry, snapshot, directives) && !IsForOrigin(entry, method, headers, time);

    // §4.3.2: If-Match and If-Unmodified-Since are the origin's to judge where they do not hold for what is stored.
    private static bool IsForOrigin(MemoryEntry entry, string method, IHeaderDictionary headers, TimeProvider time)
    {
        if (headers.IfMatch.Count == 0 && headers.IfUnmodifiedSince.Count == 0) return false;
        var response = entry.Response;
        return ConditionalRequest.Evaluate(method, headers, response.Status, PreparedResponse.Of(entry).Sent, response.ResponseTime, time.GetUtcNow()) == Precondition.Failed;
    }

    /// <summary>Why it may be sent at once although it is not fresh enough; <see langword="null"/> when it may not.</summary>
    public static StaleReason? ServesStale(MemoryEntry entry, CacheControl? directives, IHeaderDictionary headers)
    {
        // A precondition that may fail is the origin's to judge, on what it has now (RFC 9111 §4.3.2).
        if (headers.IfMatch.Count > 0 || headers.IfUnmodifiedSince.Count > 0) return null;
        if (AllowsStaleWhileRevalidate(entry, directives)) return StaleReason.WhileRevalidate;
        return AllowsStaleByRequest(entry, directives) ? StaleReason.Accepted : null;
    }

    /// <summary>
    /// Whether it may be sent while it is refreshed (RFC 5861 §3). The window counts from when it became stale; a client that wants it fresher
    /// than that gets what it asks for.
    /// </summary>
    public static bool AllowsStaleWhileRevalidate(MemoryEntry entry, CacheControl? directives) =>
        entry.Response.StaleWhileRevalidate > TimeSpan.Zero && MayBeStale(entry, entry.Response.StaleWhileRevalidate)
        && directives is not { NoCache: true } && (directives?.MaxAge is null || entry.Age <= directives.MaxAge) && directives?.MinFresh is null;

    /// <summary>Whether it may be sent instead of an error (RFC 5861 §4).</summary>
    public static bool AllowsStaleOnError(MemoryEntry entry) =>
        entry.Response.StaleIfError > TimeSpan.Zero && MayBeStale(entry, entry.Response.StaleIfError);

    /// <summary>Whether the client said that it takes it stale (§5.2.1.2).</summary>
    private static bool AllowsStaleByRequest(MemoryEntry entry, CacheControl? directives) =>
        directives?.MaxStale is { } accepted && MayBeStale(entry, accepted) && !directives.NoCache
        && (directives.MaxAge is null || entry.Age <= directives.MaxAge);

    /// <summary>Whether it is fresh, or in one of its stale windows: then no 429 and no 5xx takes its place (DESIGN 4).</summary>
    public static bool IsWithinWindow(MemoryEntry entry)
    {
        var response = entry.Response;
        var window = response.StaleWhileRevalidate > response.StaleIfError ? response.StaleWhileRevalidate : response.StaleIfError;
        return entry.Age < response.FreshUntilAge || MayBeStale(entry, window);
    }

    // The window counts from when it became stale: by age, or by a soft purge.
    private static bool MayBeStale(MemoryEntry entry, TimeSpan window) =>
        !entry.Response.MustRevalidate && !entry.Response.AlwaysValidate && entry.Age - entry.Response.FreshUntilAge <= window && entry.TimeBehindPurge <= window;
}

/// <summary>What a key's stored responses have for a request.</summary>
/// <param name="Whole">The valid response that answers it, fresh or not.</param>
/// <param name="Part">A valid part of it (206).</param>
/// <param name="Others">Whether there are responses that answer other requests.</param>
internal readonly record struct Selected(MemoryEntry? Whole, MemoryEntry? Part, bool Others);
