using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Storage;

namespace CacheProxy.Engine.Caching.Refreshing;

/// <summary>
/// What is kept with an entry in memory so that it can be fetched again when nobody asks: the request of its fill, with the fields that a
/// fill sends and no others. Never in Redis: it may hold a credential, where the policy shares one answer among callers. Bounded; what is
/// larger is not kept, and its entry not fetched again.
/// </summary>
internal static class KeptRequest
{
    private const long MaxSize = 8 * 1_024;

    // The objects themselves, roughly.
    private const long FlatSize = 768;

    public static void Keep(MemoryEntry entry, FillRequest request, CacheHeaders headers)
    {
        var policy = request.Plan.Policy;
        if (entry.Response.IsPartial || request.IsHead) return;
        // With the origin in charge a request with credentials was one caller's own.
        if (policy.VaryByCredential || (policy.FollowsOrigin && request.HasCredentials)) return;
        var kept = request.WithSentFieldsOnly(headers);
        var size = FlatSize + (2L * kept.Plan.Target.Length) + (kept.Plan.Body?.Length ?? 0);
        foreach (var (name, values) in kept.Headers)
        {
            size += name.Length;
            foreach (var value in values) size += 2L * (value?.Length ?? 0);
        }
        if (size <= MaxSize) entry.Keep(kept, size);
    }

    public static FillRequest? Of(MemoryEntry entry) => entry.Kept as FillRequest;
}
