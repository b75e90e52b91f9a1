using CacheProxy.Engine.Http;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Storage;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>A request that memory could not answer.</summary>
/// <param name="Plan">Its plan.</param>
/// <param name="Stored">A valid stored response that is not fresh enough, if there is one.</param>
/// <param name="OthersStored">Whether there are stored responses for its key that answer other requests.</param>
/// <param name="Directives">Its own directives, where the policy honours them.</param>
/// <param name="Started">When it came, as a timestamp.</param>
internal sealed record FillDemand(
    RequestPlan Plan, MemoryEntry? Stored, bool OthersStored, CacheControl? Directives, long Started)
{
    public ForwardReason Forward => Stored is not null ? ForwardReason.Stale : OthersStored ? ForwardReason.VaryMiss : ForwardReason.UriMiss;
}
