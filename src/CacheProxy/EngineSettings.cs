using CacheProxy.Configuration;
using CacheProxy.Engine;
using CacheProxy.Engine.Caching;
using CacheProxy.Engine.Caching.Serving;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Redis;
using CacheProxy.Engine.Storage;
using CacheProxy.Proxying;

namespace CacheProxy;

/// <summary>The settings of the program as the bounds of the engine.</summary>
internal static class EngineSettings
{
    public static CacheEngineOptions Of(ProxySettings settings) => new()
    {
        Memory = new MemoryOptions { Limit = settings.MemoryLimit, MaxVariants = settings.Limits.Variants },
        Fills = new()
        {
            MaxMemory = settings.Limits.FillMemory,
            Unattended = settings.Limits.UnattendedFill,
            HitForMiss = settings.Limits.HitForMiss,
            MaxConcurrent = settings.Origin.MaxConcurrentFills,
        },
        Limits = new CacheLimits { MaxKeyBodySize = settings.Limits.MaxKeyBodySize, MaxTags = settings.Limits.Tags },
        CacheStatus = new CacheStatusOptions(settings.CacheStatus),
        Credentials = settings.Credentials,
    };

    public static ConsistencyOptions ConsistencyOf(ProxySettings settings) => new()
    {
        Lease = settings.Consistency.Lease,
        OnLostLease = settings.Consistency.OnLostLease,
        ServeFor = settings.Consistency.ServeFor,
        Standbys = settings.Consistency.Standbys,
        LogLimit = settings.Consistency.LogLimit,
        LogBytes = settings.Consistency.LogBytes,
    };

    public static RedisOptions RedisOf(ProxySettings settings) => new()
    {
        ConnectionString = settings.RedisConnection is { } connection ? RedisConnectionString.Parse(connection.Reveal()) : null,
        InstanceName = settings.Redis.InstanceName,
        Timeout = settings.Redis.Timeout,
        CaPath = settings.Redis.Tls.Ca,
        CertificatePath = settings.Redis.Tls.Certificate,
        KeyPath = settings.Redis.Tls.Key,
    };

    public static OriginOptions OriginOf(ProxySettings settings) => OriginOptions.Default with { ConnectTimeout = settings.Origin.ConnectTimeout, Tls = new OriginTls(settings.Origin.Tls) };
}
