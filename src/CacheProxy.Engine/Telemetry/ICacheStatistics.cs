namespace CacheProxy.Engine.Telemetry;

/// <summary>This replica's counters since its start, for the statistics that people read. They only grow, but for the two of the memory tier.</summary>
public interface ICacheStatistics
{
    /// <summary>Requests answered from a cache: <c>hit</c>, <c>hit_shared</c> and <c>stale</c>.</summary>
    long Hits { get; }

    /// <summary>Requests that cost the origin something or waited for it: <c>miss</c>, <c>collapsed</c> and <c>revalidated</c>.</summary>
    long Misses { get; }

    /// <summary>Bytes held by the memory tier now.</summary>
    long MemoryBytes { get; }

    /// <summary>Stored responses in the memory tier now.</summary>
    long MemoryEntries { get; }
}
