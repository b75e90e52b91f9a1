using CacheProxy.Engine.Http;
using CacheProxy.Engine.Policies;

namespace CacheProxy.Engine.Caching;

/// <summary>What was decided for one request: the row of the table, with what its texts need.</summary>
internal readonly record struct Answer(CacheResult Result)
{
    /// <summary>Why what was stored was not enough.</summary>
    public ForwardReason Forward { get; init; }

    /// <summary>Why a stale response is served.</summary>
    public StaleReason? Stale { get; init; }

    /// <summary>It is stale because of a purge: it must look stale to the next cache.</summary>
    public bool BehindPurge { get; init; }

    /// <summary>Whether what came was stored.</summary>
    public bool Stored { get; init; }

    /// <summary>Why it was not, or why the request went past the cache; in kebab case.</summary>
    public string? Detail { get; init; }

    /// <summary>What log and explain say beside the result.</summary>
    public string? Reason => Detail ?? (Stale is { } stale ? DecisionTable.Detail(stale) : null);

    /// <summary>Past the cache.</summary>
    public static Answer Bypassed(BypassReason reason) => new(CacheResult.Bypass) { Detail = DecisionTable.Label(reason), Bypass = reason };

    /// <summary>Why it went past the cache.</summary>
    public BypassReason Bypass { get; init; }
}
