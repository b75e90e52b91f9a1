using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Storage;
using CacheProxy.Engine.Telemetry;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace CacheProxy.Engine;

/// <summary>How an application takes the shared tier in.</summary>
public static class SharedTierExtensions
{
    /// <summary>Registers the shared tier, the fill lock and the list of names over one connection.</summary>
    /// <param name="services">The services.</param>
    /// <param name="connect">Gives the connection, or nothing while it is being made; it must not fail for want of a server (<c>abortConnect=false</c>).</param>
    /// <param name="instanceName"><c>Redis:InstanceName</c>, the prefix of all names.</param>
    /// <param name="options">The bounds.</param>
    public static IServiceCollection AddSharedTier(
        this IServiceCollection services, Func<IServiceProvider, IConnectionMultiplexer?> connect, string instanceName, SharedTierOptions options)
    {
        services.AddSingleton(options);
        services.AddStackExchangeRedisOutputCache(static _ => { });
        DecorateStore(services);
        services.AddOptions<Microsoft.AspNetCore.OutputCaching.StackExchangeRedis.RedisOutputCacheOptions>().Configure<IServiceProvider>((redis, provider) =>
        {
            redis.InstanceName = instanceName;
            redis.ConnectionMultiplexerFactory = () => Task.FromResult(Connected(connect(provider)));
        });
        services.AddSingleton(provider => new SharedTierBreaker(
            async cancellationToken => await Connected(connect(provider)).GetDatabase().PingAsync().WaitAsync(options.Timeout, cancellationToken),
            provider.GetRequiredService<CacheMetrics>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<SharedTierBreaker>>()));
        services.AddSingleton(provider => new SharedTier(
            (IOutputCacheBufferStore)provider.GetRequiredService<IOutputCacheStore>(), provider.GetRequiredService<SharedTierBreaker>(), options,
            provider.GetRequiredService<CacheMetrics>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<SharedTier>>()));
        services.AddSingleton(provider => new SharedNames(() => connect(provider), instanceName));
        services.AddSingleton<IFillLock>(provider => new RedisFillLock(
            () => connect(provider), instanceName, provider.GetRequiredService<SharedTierBreaker>(), options, provider.GetRequiredService<TimeProvider>()));
        return services;
    }

    // Code that uses the stock interface purges through the log as everybody else does.
    private static void DecorateStore(IServiceCollection services)
    {
        var stock = services.Last(static service => service.ServiceType == typeof(IOutputCacheStore));
        services.Remove(stock);
        services.AddSingleton<IOutputCacheStore>(provider => new LoggedOutputCacheStore(
            (IOutputCacheBufferStore)(stock.ImplementationFactory?.Invoke(provider) ?? ActivatorUtilities.CreateInstance(provider, stock.ImplementationType!)),
            () => provider.GetRequiredService<IInvalidationLog>()));
    }

    private static IConnectionMultiplexer Connected(IConnectionMultiplexer? connection) =>
        connection ?? throw new TimeoutException("The first connection to Redis is still being made.");
}
