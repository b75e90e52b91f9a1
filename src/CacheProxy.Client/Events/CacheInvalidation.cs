using System.Collections.Immutable;

namespace CacheProxy.Client.Events;

/// <summary>What an invalidation leaves behind.</summary>
public enum CacheInvalidationMode
{
    /// <summary>What is named is gone.</summary>
    Hard,

    /// <summary>What is named is stale: it may be served stale where the policy allows, and is validated.</summary>
    Soft,

    /// <summary>Gone, and the hottest of it is fetched again.</summary>
    Refresh,
}

/// <summary>What the built-in event <c>cache.invalidate</c> names: keys, tags, glob patterns (Redis' language), or everything; at most 1 000 names.</summary>
public sealed record CacheInvalidation
{
    /// <summary>The most names that one invalidation may carry.</summary>
    public const int MaxNames = 1_000;

    /// <summary>Primary keys, exactly (<see cref="Keys.CacheKeys"/>).</summary>
    public ImmutableArray<string> Keys { get; init; } = [];

    /// <summary>Tags, exactly (<see cref="Client.Keys.CacheTags"/>).</summary>
    public ImmutableArray<string> Tags { get; init; } = [];

    /// <summary>Glob patterns over primary keys, such as <c>model:metrics:*</c>.</summary>
    public ImmutableArray<string> Patterns { get; init; } = [];

    /// <summary>Everything in the cache.</summary>
    public bool Everything { get; init; }

    /// <summary>What it leaves behind.</summary>
    public CacheInvalidationMode Mode { get; init; }

    /// <summary>The guide's <c>invalidate_model_cache(id)</c>.</summary>
    public static CacheInvalidation OfModel(string modelRunId) => new() { Tags = [Client.Keys.CacheTags.Model(modelRunId)] };

    /// <summary>The guide's <c>invalidate_comparison_cache()</c>.</summary>
    public static CacheInvalidation OfComparisons() => new() { Tags = [Client.Keys.CacheTags.Comparisons] };

    internal int Count => Keys.Length + Tags.Length + Patterns.Length;
}
