namespace CacheProxy.Engine.Invalidation;

/// <summary>How sources and modes are called in labels: words in snake case, frozen.</summary>
internal static class MetricLabels
{
    public static string Of(InvalidationSource source) => source switch
    {
        InvalidationSource.Event => "event",
        InvalidationSource.Operator => "operator",
        InvalidationSource.Purge => "purge",
        InvalidationSource.UnsafeRequest => "unsafe_request",
        InvalidationSource.OutputCacheStore => "output_cache_store",
        InvalidationSource.CacheGroup => "cache_group",
        _ => throw new ArgumentOutOfRangeException(nameof(source), source, "This source has no label yet: add it here."),
    };

    public static string Of(InvalidationMode mode) => mode switch
    {
        InvalidationMode.Hard => "hard",
        InvalidationMode.Soft => "soft",
        InvalidationMode.Refresh => "refresh",
        _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "This mode has no label yet: add it here."),
    };
}
