using CacheProxy.Management.Authentication;
using CacheProxy.Management.Console;
using CacheProxy.Management.Entries;
using CacheProxy.Management.Events;
using CacheProxy.Management.Explaining;
using CacheProxy.Management.Metrics;
using CacheProxy.Management.Modes;
using CacheProxy.Management.Purging;
using CacheProxy.Management.Statistics;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Prometheus;

namespace CacheProxy.Management;

/// <summary>How the composition takes this room in.</summary>
public static class ManagementExtensions
{
    /// <summary>
    /// Registers all endpoints of ours. The composition registers what they work on: <c>IInvalidationLog</c>, <c>IEntryCatalog</c>,
    /// <c>ICacheStatistics</c>, <c>ITargetNames</c>, <c>IExplainer</c>, <c>IModeSwitch</c>, <see cref="EventMapper"/>, <c>CacheMetrics</c>, and with Redis
    /// <see cref="SharedStoreAccess"/>.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">With <c>Management</c>, <c>Webhooks</c> and <c>Authentication</c>.</param>
    /// <param name="errors">Gets what is wrong in it.</param>
    public static IServiceCollection AddManagement(this IServiceCollection services, IConfiguration configuration, ICollection<string> errors)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(BuildVersion.Current);
        services.AddSingleton(ManagementOptions.Read(configuration, errors));
        services.AddSingleton(WebhookOptions.Read(configuration, errors));
        services.AddSingleton(BearerOptions.Read(configuration, errors));
        services.AddSingleton<OperatorAuthenticator>();
        services.AddSingleton<Purger>();
        services.AddSingleton<PurgeEndpoint>();
        services.AddSingleton<IManagementEndpoint, EventsEndpoint>();
        services.AddSingleton<IManagementEndpoint, InvalidateEndpoint>();
        services.AddSingleton<IManagementEndpoint, ClearEndpoint>();
        services.AddSingleton<IManagementEndpoint, StatsEndpoint>();
        services.AddSingleton<IManagementEndpoint, ListEntriesEndpoint>();
        services.AddSingleton<IManagementEndpoint, ReadEntryEndpoint>();
        services.AddSingleton<IManagementEndpoint, DeleteEntryEndpoint>();
        services.AddSingleton<IManagementEndpoint, ExplainRequestEndpoint>();
        services.AddSingleton<IManagementEndpoint, ExplainEndpoint>();
        services.AddSingleton<IManagementEndpoint, ShowModeEndpoint>();
        services.AddSingleton<IManagementEndpoint, SetModeEndpoint>();
        services.AddSingleton<IManagementEndpoint, StreamEndpoint>();
        services.AddSingleton<SharedStoreFigures>();
        services.AddSingleton<ReplicatedStatistics>();
        services.AddHostedService(provider => provider.GetRequiredService<ReplicatedStatistics>());
        services.AddSingleton<MetricsPage>();
        services.AddSingleton(provider => new OperatorsPage("/metrics", provider.GetRequiredService<MetricsPage>().ShowAsync));
        services.AddSingleton<ConsolePage>();
        services.AddSingleton(provider => new OperatorsPage("/", provider.GetRequiredService<ConsolePage>().ShowAsync));
        return services;
    }

    /// <summary>
    /// Registers the registry that <c>/metrics</c> shows and a factory for it, with the process metrics. prometheus-net's adapters for
    /// meters and event counters cost more than a hit itself once a scrape has started them, so they are turned off here, before any.
    /// </summary>
    public static IServiceCollection AddMetricsRegistry(this IServiceCollection services)
    {
        Prometheus.Metrics.SuppressDefaultMetrics();
        var registry = Prometheus.Metrics.NewCustomRegistry();
        DotNetStats.Register(registry);
        services.AddSingleton(registry);
        services.AddSingleton<IMetricFactory>(Prometheus.Metrics.WithCustomRegistry(registry));
        return services;
    }

    /// <summary>Answers what is ours, and everything on the operators' listener. Comes before routing.</summary>
    public static IApplicationBuilder UseManagement(this IApplicationBuilder app) => app.UseMiddleware<ManagementMiddleware>();
}
