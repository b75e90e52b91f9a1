using CacheProxy.Engine.Access;
using CacheProxy.Engine.Caching;
using CacheProxy.Engine.Caching.Explaining;
using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Caching.InCode;
using CacheProxy.Engine.Caching.Origins;
using CacheProxy.Engine.Caching.Refreshing;
using CacheProxy.Engine.Caching.Serving;
using CacheProxy.Engine.Caching.Shadowing;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Policies.InCode;
using CacheProxy.Engine.Redis;
using CacheProxy.Engine.Storage;
using CacheProxy.Engine.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Prometheus;

namespace CacheProxy.Engine;

/// <summary>How an application takes the cache in.</summary>
public static class CacheEngineExtensions
{
    /// <summary>
    /// Registers the cache. By itself it caches in this process what the application's own endpoints answer, and counts in Prometheus' default
    /// registry; an application may register an <see cref="IOrigin"/>, an <see cref="IInvalidationLog"/> or an <c>IMetricFactory</c> of its
    /// own instead. Several replicas: <see cref="CacheReplicasExtensions.AddCacheReplicas"/>.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="options">The bounds; <see langword="null"/> for the defaults.</param>
    public static IServiceCollection AddCacheEngine(this IServiceCollection services, CacheEngineOptions? options = null)
    {
        options ??= new CacheEngineOptions();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IMetricFactory>(Metrics.DefaultFactory);
        services.TryAddSingleton<IOrigin, EndpointOrigin>();
        if (services.All(static service => service.ServiceType != typeof(IInvalidationLog))) services.AddInvalidation(new ConsistencyOptions(), new RedisOptions());
        // An application that brings a log of its own has said nothing of them.
        services.TryAddSingleton(new ConsistencyOptions());
        services.AddSingleton(options.Memory);
        services.AddSingleton(options.Fills);
        services.AddSingleton(options.Limits);
        services.AddSingleton(options.CacheStatus);
        services.AddSingleton(options.Credentials);
        services.AddSingleton<CacheMetrics>();
        services.AddSingleton<CallerCredentials>();
        services.AddSingleton<CacheHeaders>();
        services.AddSingleton<MemoryTier>();
        services.AddSingleton<DecisionRing>();
        services.AddSingleton<RouteProbe>();
        services.AddSingleton(provider => new StoredLookup(
            provider.GetRequiredService<MemoryTier>(), provider.GetService<SharedTier>(), provider.GetRequiredService<HitForMiss>(),
            provider.GetRequiredService<CacheHeaders>(), provider.GetRequiredService<IInvalidationLog>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IExplainer, Explainer>();
        services.AddSingleton<RequestMeter>();
        services.AddSingleton(provider => new RefusedRequests(provider.GetRequiredService<RequestMeter>()));
        services.AddSingleton<ICacheStatistics, CacheStatistics>();
        services.AddSingleton<ITargetNames, TargetPolicies>();
        services.AddSingleton<UnsafeRequests>();
        services.AddSingleton<Bypassing>();
        services.AddSingleton<PoliciesInCode>();
        services.AddSingleton<InCodeRequests>();
        services.AddSingleton<Compressor>();
        services.AddHostedService(static provider => provider.GetRequiredService<Compressor>());
        services.AddSingleton<FormSelection>();
        services.AddSingleton<StoredWriter>();
        services.AddSingleton<FillWriter>();
        services.AddSingleton<FillDelivery>();
        services.AddSingleton<Hits>();
        services.AddSingleton(provider => new SharedHits(
            provider.GetService<SharedTier>(), provider.GetRequiredService<MemoryTier>(), provider.GetRequiredService<Hits>(), provider.GetRequiredService<FillRegistry>(),
            provider.GetRequiredService<HitForMiss>(), provider.GetRequiredService<IInvalidationLog>(), provider.GetRequiredService<CacheHeaders>(), provider.GetRequiredService<CacheMetrics>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<TargetMemo>();
        services.AddSingleton<AccessDecisions>();
        services.AddSingleton<AccessGate>();
        services.AddSingleton<FillRegistry>();
        services.AddSingleton(provider => new HitForMiss(options.Fills.HitForMiss, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new FillLimiter(options.Fills, provider.GetRequiredService<IOrigin>().GroupOf));
        services.AddSingleton(provider => new ResponseEvaluation(provider.GetRequiredService<CacheHeaders>(), options.Limits, new Random()));
        services.AddSingleton(provider => new SharedFills(
            provider.GetService<SharedTier>(), provider.GetService<IFillLock>(), provider.GetRequiredService<MemoryTier>(),
            provider.GetRequiredService<CacheHeaders>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<EarlierFills>();
        services.AddSingleton<StoredUpdates>();
        services.AddSingleton<HeadDecision>();
        services.AddSingleton<FillOrigin>();
        services.AddSingleton<FillRunner>();
        services.AddSingleton<FillStarter>();
        services.AddSingleton<FillClient>();
        services.AddSingleton<IEntryCatalog>(provider => new EntryCatalog(
            provider.GetRequiredService<MemoryTier>(), provider.GetService<SharedNames>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new PolicyModes(provider.GetService<IModeSwitch>()));
        services.AddSingleton<ShadowLedger>();
        services.AddSingleton<BehindHits>();
        services.AddSingleton<KeptRequests>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<Verifier>(provider, new Random()));
        services.AddSingleton<Refetcher>();
        services.AddHostedService(static provider => provider.GetRequiredService<Refetcher>());
        services.AddHostedService<HottestAgain>();
        services.AddHostedService<Warmup>();
        UseLoggedStore(services);
        services.AddHostedService<MemorySweeper>();
        services.AddHostedService(provider => new DeadEntries(
            provider.GetRequiredService<MemoryTier>(), provider.GetService<SharedNames>(), provider.GetRequiredService<IInvalidationLog>(),
            provider.GetRequiredService<TimeProvider>()));
        return services;
    }

    // In the place of the stock store in memory, which AddOutputCache registers: what code evicts by tag is a purge. With a shared tier it has its place.
    private static void UseLoggedStore(IServiceCollection services)
    {
        if (services.Any(static service => service.ServiceType == typeof(SharedTier))) return;
        services.RemoveAll<IOutputCacheStore>();
        services.AddSingleton<IOutputCacheStore>(static provider => new LoggedOutputCacheStore(null, () => provider.GetRequiredService<IInvalidationLog>()));
    }

    /// <summary>
    /// Answers targets seen before without routing them again. Optional; comes before routing, after everything that must see each request.
    /// </summary>
    public static IApplicationBuilder UseTargetMemo(this IApplicationBuilder app) => app.UseMiddleware<TargetMemoMiddleware>();

    /// <summary>Answers from the cache. Comes after routing, CORS and rate limiting, and before the endpoints.</summary>
    public static IApplicationBuilder UseCacheEngine(this IApplicationBuilder app)
    {
        // The same routes, for those who ask what would become of a request. A branch has a routing world of its own: it is given ours.
        var probe = app.New().UseRouting();
        foreach (var routes in probe.Properties.Values.OfType<IEndpointRouteBuilder>().Except(app.Properties.Values.OfType<IEndpointRouteBuilder>()))
            routes.DataSources.Add(app.ApplicationServices.GetRequiredService<EndpointDataSource>());
        probe.Run(static _ => Task.CompletedTask);
        app.ApplicationServices.GetRequiredService<RouteProbe>().Use(probe.Build());
        return app.UseMiddleware<CacheMiddleware>();
    }
}

/// <summary>All bounds of the cache.</summary>
public sealed record CacheEngineOptions
{
    /// <summary>The memory tier.</summary>
    public MemoryOptions Memory { get; init; } = new();

    /// <summary>Fills.</summary>
    public FillOptions Fills { get; init; } = new();

    /// <summary>What is looked at.</summary>
    public CacheLimits Limits { get; init; } = new();

    /// <summary>What is shown of decisions.</summary>
    public CacheStatusOptions CacheStatus { get; init; } = new();

    /// <summary>Which request fields are credentials.</summary>
    public CredentialOptions Credentials { get; init; } = new();
}
