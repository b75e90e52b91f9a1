using CacheProxy.Configuration;
using CacheProxy.Engine;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Redis;
using CacheProxy.Engine.Storage;
using CacheProxy.Management.Events;
using CacheProxy.Management.Statistics;
using StackExchange.Redis;

namespace CacheProxy;

/// <summary>The joints between the rooms: what one offers and another asks for under a name of its own.</summary>
internal static class Composition
{
    /// <summary>The log, and with Redis the shared tier and the figures of all replicas.</summary>
    public static IServiceCollection AddRedis(this IServiceCollection services, ProxySettings settings)
    {
        var redis = EngineSettings.RedisOf(settings);
        services.AddInvalidation(EngineSettings.ConsistencyOf(settings), redis);
        if (redis.ConnectionString is null) return services;
        services.AddHostedService<SharedConnection>();
        services.AddSharedTier(Connect, redis.InstanceName, new SharedTierOptions { Timeout = redis.Timeout });
        services.AddSingleton(provider => new SharedStoreAccess(() => Connect(provider), redis.InstanceName, redis.Timeout));
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

    // Connected at start by SharedConnection, with or without a server; nobody waits here.
    private static IConnectionMultiplexer? Connect(IServiceProvider provider) =>
        provider.GetRequiredService<RedisConnections>().GetSharedAsync() is { IsCompletedSuccessfully: true } connected ? connected.Result : null;

    /// <summary>Connects the shared tier at start, for at most 1 s without a server.</summary>
    private sealed class SharedConnection(RedisConnections connections) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => connections.GetSharedAsync();

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
