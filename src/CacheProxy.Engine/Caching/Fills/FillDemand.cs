using CacheProxy.Engine.Http;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Storage;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>A request that memory could not answer.</summary>
/// <param name="Plan">Its plan.</param>
/// <param name="Found">What memory had for it.</param>
/// <param name="Directives">Its own directives, where the policy honours them.</param>
/// <param name="Started">When it came, as a timestamp.</param>
internal sealed record FillDemand(
    RequestPlan Plan, MemoryLookup Found, CacheControl? Directives, long Started)
{
    /// <summary>Comes before a stored response is sent that was not in memory when it was looked for: policies written in C# are told.</summary>
    public Func<Task>? BeforeHit { get; init; }

    /// <summary>Whether the shared tier was asked just now, and had nothing.</summary>
    public bool HasLooked { get; init; }

    /// <summary>A valid stored response that may not be sent at once.</summary>
    public MemoryEntry? Stored => Found.Stored;

    public ForwardReason Forward => Stored is not null ? ForwardReason.Stale : Found.Others ? ForwardReason.VaryMiss : ForwardReason.UriMiss;
}
