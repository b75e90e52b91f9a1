using System.Collections.Immutable;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Storage;

namespace CacheProxy.Engine.Caching;

/// <summary>What a stored response may be used for (RFC 9111 §4). Pure but for the entry's age.</summary>
internal static class Reuse
{
    /// <summary>Among the stored responses of a key the valid one that answers this request; the youngest of several (§4.1).</summary>
    public static MemoryEntry? Select(ImmutableArray<MemoryEntry> entries, RequestPlan plan, in RequestSelection selection, Snapshot snapshot, out bool others)
    {
        MemoryEntry? best = null;
        others = false;
        foreach (var entry in entries)
        {
            var response = entry.Response;
            if (response.Fingerprint != plan.Policy.Fingerprint || entry.Check(snapshot) == Verdict.Invalid) continue;
            if (!selection.Matches(response.Selecting))
            {
                others = true;
                continue;
            }
            if (best is null || response.ResponseTime > best.Response.ResponseTime) best = entry;
        }
        return best;
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

    /// <summary>Whether it may be sent while it is refreshed (RFC 5861 §3). The window counts from when it became stale.</summary>
    public static bool AllowsStaleWhileRevalidate(MemoryEntry entry) =>
        entry.Response.StaleWhileRevalidate > TimeSpan.Zero && MayBeStale(entry, entry.Response.StaleWhileRevalidate);

    /// <summary>Whether it may be sent instead of an error (RFC 5861 §4).</summary>
    public static bool AllowsStaleOnError(MemoryEntry entry) =>
        entry.Response.StaleIfError > TimeSpan.Zero && MayBeStale(entry, entry.Response.StaleIfError);

    /// <summary>Whether the client said that it takes it stale (§5.2.1.2).</summary>
    public static bool AllowsStaleByRequest(MemoryEntry entry, CacheControl? directives) =>
        directives?.MaxStale is { } accepted && MayBeStale(entry, accepted) && !directives.NoCache
        && (directives.MaxAge is null || entry.Age <= directives.MaxAge);

    // The window counts from when it became stale: by age, or by a soft purge.
    private static bool MayBeStale(MemoryEntry entry, TimeSpan window) =>
        !entry.Response.MustRevalidate && !entry.Response.AlwaysValidate && entry.Age - entry.Response.FreshUntilAge <= window && entry.TimeBehindPurge <= window;
}
