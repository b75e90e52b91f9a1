using CacheProxy.Engine.Storage;
using CacheProxy.Engine.Telemetry;

namespace CacheProxy.Engine.Caching;

/// <summary>This replica's figures, from where they are kept.</summary>
internal sealed class CacheStatistics(RequestMeter meter, MemoryTier memory) : ICacheStatistics
{
    public long Hits => meter.Hits;

    public long Misses => meter.Misses;

    public long MemoryBytes => memory.Bytes;

    public long MemoryEntries => memory.Count;
}
