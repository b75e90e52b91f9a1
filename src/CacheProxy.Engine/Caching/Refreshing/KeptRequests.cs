using CacheProxy.Engine.Access;
using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Storage;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Caching.Refreshing;

/// <summary>
/// What is kept with an entry in memory so that it can be fetched again when nobody asks: the request of its first hit, with the fields that
/// a fill sends and no others. Not that of its fill: only what is hit is fetched again, and most of what is stored never is. Never in Redis:
/// it may hold a credential, where the policy shares one answer among callers. Bounded; what is larger is not kept, and its entry not
/// fetched again.
/// </summary>
internal sealed class KeptRequests(MemoryTier memory, CacheHeaders headers, CallerCredentials credentials)
{
    private const long MaxSize = 8 * 1_024;

    // The objects themselves, roughly.
    private const long FlatSize = 768;

    private static readonly object s_nothing = new();

    /// <summary>The request to fetch an entry with; <see langword="null"/> when there is none.</summary>
    public static FillRequest? Of(MemoryEntry entry) => entry.Kept as FillRequest;

    /// <summary>Keeps the request with the entry that answers it.</summary>
    public void Keep(HttpContext context, RequestPlan plan, MemoryEntry entry)
    {
        var hasCredentials = credentials.HasAuthorization(context.Request.Headers);
        // With the origin in charge a request with credentials was one caller's own.
        var isOnes = plan.Policy.VaryByCredential || (plan.Policy.FollowsOrigin && hasCredentials);
        var kept = entry.Response.IsPartial || isOnes ? null : new FillRequest(context, plan, hasCredentials, entry).WithSentFieldsOnly(headers);
        if (kept is not null && SizeOf(kept) is var size && size <= MaxSize)
        {
            entry.Keep(kept, size);
            memory.Recount(entry);
        }
        else entry.Keep(s_nothing, 0);
    }

    private static long SizeOf(FillRequest kept)
    {
        var size = FlatSize + (2L * kept.Plan.Target.Length) + (kept.Plan.Body?.Length ?? 0);
        foreach (var (name, values) in kept.Headers)
        {
            size += name.Length;
            foreach (var value in values) size += 2L * (value?.Length ?? 0);
        }
        return size;
    }
}
