using System.Collections.Immutable;

namespace CacheProxy.Engine.Invalidation;

/// <summary>What an invalidation leaves behind.</summary>
public enum InvalidationMode
{
    /// <summary>What is named is gone.</summary>
    Hard,

    /// <summary>What is named is stale: good for a stale answer or a validation, never fresh.</summary>
    Soft,

    /// <summary>As <see cref="Hard"/>, and the hottest of what was named is fetched again.</summary>
    Refresh,
}

/// <summary>Who asked for an invalidation; a metric label.</summary>
public enum InvalidationSource
{
    /// <summary>A signed webhook of the backend.</summary>
    Event,

    /// <summary>An operator: the invalidate and clear endpoints, an entry's deletion.</summary>
    Operator,

    /// <summary>A <c>PURGE</c> request.</summary>
    Purge,

    /// <summary>An unsafe request through the proxy that succeeded (RFC 9111 §4.4, <c>InvalidateOnSuccess</c>).</summary>
    UnsafeRequest,

    /// <summary>Code that uses the stock <c>IOutputCacheStore.EvictByTagAsync</c>.</summary>
    OutputCacheStore,

    /// <summary>The origin's <c>Cache-Group-Invalidation</c> (RFC 9875).</summary>
    CacheGroup,
}

/// <summary>
/// One purge: primary keys, tags, glob patterns (Redis' language, matched against primary keys), or everything.
/// At most <see cref="MaxNames"/> names in all.
/// </summary>
public sealed record Invalidation
{
    /// <summary>The most names that one invalidation may carry.</summary>
    public const int MaxNames = 1_000;

    /// <summary>Primary keys, exactly.</summary>
    public ImmutableArray<string> Keys { get; init; } = [];

    /// <summary>Tags, exactly: a wildcard character in a tag is itself.</summary>
    public ImmutableArray<string> Tags { get; init; } = [];

    /// <summary>Glob patterns over primary keys.</summary>
    public ImmutableArray<string> Patterns { get; init; } = [];

    /// <summary>Everything, whatever else is named.</summary>
    public bool Everything { get; init; }

    /// <summary>What it leaves behind.</summary>
    public InvalidationMode Mode { get; init; }

    /// <summary>How many names it carries.</summary>
    public int Count => Keys.Length + Tags.Length + Patterns.Length;

    /// <summary>Whether it names nothing at all.</summary>
    public bool IsEmpty => !Everything && Count == 0;

    /// <summary>A hard purge of everything.</summary>
    public static Invalidation OfEverything { get; } = new() { Everything = true };
}
