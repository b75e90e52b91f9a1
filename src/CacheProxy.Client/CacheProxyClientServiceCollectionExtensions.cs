using System.Diagnostics.CodeAnalysis;
using CacheProxy.Client.Events;
using CacheProxy.Client.Outbox;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace CacheProxy.Client;

/// <summary>Registers the client.</summary>
public static class CacheProxyClientServiceCollectionExtensions
{
    /// <summary>
    /// Adds <see cref="CacheEventSender"/>, configured from the section (usually <c>CacheProxy</c>: <c>Targets:0…</c>, <c>Secret</c> and what
    /// <see cref="CacheProxyClientOptions"/> lists). A wrong value ends the start with a message that names each.
    /// </summary>
    public static IServiceCollection AddCacheProxyClient(this IServiceCollection services, IConfigurationSection section)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(section);
        var configuration = new CacheProxyClientConfiguration(section);
        services.AddSingleton<IConfigureOptions<CacheProxyClientOptions>>(configuration);
        services.AddSingleton<IValidateOptions<CacheProxyClientOptions>>(configuration);
        services.AddOptions<CacheProxyClientOptions>().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(sp => new RetrySchedule(
            sp.GetRequiredService<IOptions<CacheProxyClientOptions>>(), sp.GetRequiredService<TimeProvider>(), new Random()));
        services.TryAddSingleton<CacheEventSender>();
        services.AddHttpClient(CacheEventSender.HttpClientName)
            .ConfigureHttpClient(client => client.Timeout = Timeout.InfiniteTimeSpan) // each attempt has its own, on the injected clock
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
            {
                // A redirect is a failure (Standard Webhooks), a cookie or an environment's proxy is nothing that a purge should meet.
                AllowAutoRedirect = false,
                UseCookies = false,
                UseProxy = false,
                PooledConnectionLifetime = TimeSpan.FromMinutes(2),
                ConnectTimeout = TimeSpan.FromSeconds(5),
            });
        return services;
    }

    /// <summary>Adds the outbox's delivery over the backend's store, which is a singleton.</summary>
    public static IServiceCollection AddCacheProxyOutbox<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TStore>(this IServiceCollection services)
        where TStore : class, IOutboxStore
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddMetrics();
        services.TryAddSingleton<IOutboxStore, TStore>();
        services.TryAddSingleton<OutboxSignal>();
        services.TryAddSingleton<OutboxMetrics>();
        services.TryAddSingleton<TargetDelivery>();
        services.TryAddSingleton<OutboxProgress>();
        services.AddHostedService<OutboxDelivery>();
        return services;
    }
}
