using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Redis;
using CacheProxy.Engine.Storage;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace CacheProxy.Engine;

/// <summary>How an application shares its cache among its replicas.</summary>
public static class CacheReplicasExtensions
{
    /// <summary>
    /// Registers the log of purges, and with Redis the shared tier: what one replica has learned the others need not ask for, and a purge is
    /// acknowledged when it is true on all of them.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="consistency">Lease and log.</param>
    /// <param name="redis">Where Redis is; without a connection string there is one replica, and nothing is shared.</param>
    /// <exception cref="ArgumentException">An option is out of its bounds; all of them are named.</exception>
    public static IServiceCollection AddCacheReplicas(this IServiceCollection services, ConsistencyOptions consistency, RedisOptions redis)
    {
        services.AddInvalidation(consistency, redis);
        if (redis.ConnectionString is null) return services;
        services.AddHostedService<SharedConnection>();
        return services.AddSharedTier(Connect, redis.InstanceName, new SharedTierOptions { Timeout = redis.Timeout });
    }

    private static IConnectionMultiplexer? Connect(IServiceProvider provider) => provider.GetRequiredService<RedisConnections>().Shared;
}
