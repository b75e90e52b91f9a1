using CacheProxy.Configuration;
using CacheProxy.Engine;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Redis;
using CacheProxy.Management.Events;
using CacheProxy.Management.Statistics;

namespace CacheProxy;

/// <summary>The joints between the rooms: what one offers and another asks for under a name of its own.</summary>
internal static class Composition
{
    /// <summary>The log, and with Redis the shared tier and the figures of all replicas.</summary>
    public static IServiceCollection AddRedis(this IServiceCollection services, ProxySettings settings)
    {
        var redis = EngineSettings.RedisOf(settings);
        services.AddCacheReplicas(EngineSettings.ConsistencyOf(settings), redis);
        if (redis.ConnectionString is null) return services;
        services.AddSingleton(provider => new SharedStoreAccess(() => provider.GetRequiredService<RedisConnections>().Shared, redis.InstanceName, redis.Timeout));
        return services;
    }

    /// <summary>Events are mapped by the routes in effect.</summary>
    public static IServiceCollection AddEventMapping(this IServiceCollection services) =>
        services.AddSingleton<EventMapper>(static provider =>
        {
            var policies = provider.GetRequiredService<PolicyCatalog>();
            return (string type, System.Text.Json.JsonElement data, out Invalidation? invalidation, out string? error) =>
                policies.Current.Events.TryMap(type, data, out invalidation, out error);
        });
}
