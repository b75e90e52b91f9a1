namespace CacheProxy.Engine.Storage;

/// <summary>The memory tier's bounds.</summary>
public sealed record MemoryOptions
{
    /// <summary><c>Memory:Limit</c> in bytes; default the smaller of 256 MiB and a quarter of the memory that this process may use.</summary>
    public long Limit { get; init; } = Math.Min(256L << 20, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4);

    /// <summary>The most variants per key; the one stored first goes when there are more. Default 64.</summary>
    public int MaxVariants { get; init; } = 64;
}
