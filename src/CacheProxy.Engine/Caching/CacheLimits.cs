namespace CacheProxy.Engine.Caching;

/// <summary>Bounds on what the cache looks at (DESIGN 2, Limits).</summary>
public sealed record CacheLimits
{
    /// <summary><c>MaxKeyBodySize</c> in bytes. Default 1 MiB; a longer body goes past the cache.</summary>
    public long MaxKeyBodySize { get; init; } = 1L << 20;

    /// <summary>The most tags that an entry may carry. Default 128; a response with more is not stored: a part of its tags would make it unpurgeable.</summary>
    public int MaxTags { get; init; } = 128;
}
