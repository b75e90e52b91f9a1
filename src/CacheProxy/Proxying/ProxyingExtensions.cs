using CacheProxy.Configuration;
using CacheProxy.Engine;
using CacheProxy.Engine.Caching;
using Microsoft.AspNetCore.Cors;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.RateLimiting;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Configuration.RouteValidators;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Transforms.Builder;

namespace CacheProxy.Proxying;

/// <summary>How the composition takes YARP in.</summary>
internal static class ProxyingExtensions
{
    /// <summary>
    /// Registers YARP over the <c>ReverseProxy</c> section. Its own checks of the policies that a route names look them up in options that
    /// a reload cannot change; ours, with the policies of the same file, takes their place.
    /// </summary>
    public static IServiceCollection AddProxying(this IServiceCollection services, IConfiguration configuration, OriginOptions options)
    {
        services.AddReverseProxy()
            .LoadFromConfig(configuration.GetSection("ReverseProxy"))
            .AddConfigFilter<PolicyStampFilter>();
        services.AddSingleton<IForwarderHttpClientFactory, OriginClientFactory>();
        Remove(services, typeof(IRouteValidator), "OutputCachePolicyValidator");
        Remove(services, typeof(IRouteValidator), "CorsPolicyValidator");
        Remove(services, typeof(IRouteValidator), "RateLimitPolicyValidator");
        // It reads, or makes, keys at every start, which only session affinity needs: that makes them when it does.
        Remove(services, typeof(IHostedService), "DataProtectionHostedService");
        services.AddSingleton<IRouteValidator, PolicyRouteValidator>();
        services.AddSingleton<IConfigChangeListener, PolicyChangeListener>();
        services.AddSingleton<ITransformProvider, ProxyTransforms>();
        services.AddSingleton(options);
        services.AddSingleton<IOrigin, DetachedOrigin>();
        services.AddRequestTimeouts();
        services.AddCors();
        services.AddRateLimiter(static _ => { });
        return services;
    }

    private static void Remove(IServiceCollection services, Type type, string implementation) =>
        services.Remove(services.Single(service => service.ServiceType == type && service.ImplementationType?.Name == implementation));

    /// <summary>
    /// Answers preflights, and says on other answers who may read them, on routes with a <c>CorsPolicy</c>; others do not pay for it. What it
    /// adds, it adds to the client's response alone: a fill's response has passed nothing of this, and so neither has what is stored.
    /// </summary>
    public static IApplicationBuilder UseCorsOfRoutes(this IApplicationBuilder app) =>
        app.UseWhen(static context => context.GetEndpoint()?.Metadata.GetMetadata<ICorsMetadata>() is not null, static routes => routes.UseCors());

    /// <summary>Ends requests of routes with a <c>Timeout</c> in time; others do not pay for it.</summary>
    public static IApplicationBuilder UseTimeoutsOfRoutes(this IApplicationBuilder app) => app.UseWhen(
        static context => context.GetEndpoint()?.Metadata is { } metadata
            && (metadata.GetMetadata<RequestTimeoutAttribute>() is not null || metadata.GetMetadata<RequestTimeoutPolicy>() is not null),
        static routes => routes.UseRequestTimeouts());

    /// <summary>Refuses who asks too often on routes with a <c>RateLimiterPolicy</c>, hits too; others do not pay for it.</summary>
    public static IApplicationBuilder UseRateLimitsOfRoutes(this IApplicationBuilder app) =>
        app.UseWhen(static context => context.GetEndpoint()?.Metadata.GetMetadata<EnableRateLimitingAttribute>() is not null, static routes => routes.UseRateLimiter());

    /// <summary>Maps YARP's routes, each with its compiled policies.</summary>
    /// <exception cref="ConfigurationException">YARP refuses them.</exception>
    public static void MapProxying(this IEndpointRouteBuilder endpoints)
    {
        var services = endpoints.ServiceProvider;
        var source = services.GetService<RoutesFileProvider>()?.Path ?? "the command line and the environment";
        try
        {
            MapRoutes(endpoints);
        }
        catch (InvalidOperationException refusal)
        {
            throw YarpRules.Explain(services.GetRequiredService<IConfiguration>().GetSection("ReverseProxy"), source, refusal);
        }
        var errors = new ConfigurationErrors();
        YarpRules.CheckRouting(services.GetRequiredService<IProxyConfigProvider>().GetConfig().Routes, services.GetRequiredService<ParameterPolicyFactory>(), errors);
        errors.ThrowIfAny(source);
    }

    private static void MapRoutes(IEndpointRouteBuilder endpoints)
    {
        var policies = endpoints.ServiceProvider.GetRequiredService<PolicyCatalog>();
        endpoints.MapReverseProxy(static pipeline =>
        {
            pipeline.Use(ForwardingProblems.Write);
            pipeline.UseSessionAffinity();
            pipeline.UseLoadBalancing();
            pipeline.UsePassiveHealthChecks();
        }).ConfigureEndpoints((endpoint, route) =>
        {
            if (policies.FindPending(route.OutputCachePolicy) is { } policy) endpoint.WithMetadata(policy);
            // The policy itself, not its name: a request under way keeps that of its endpoint.
            if (policies.FindPendingCors(route.CorsPolicy) is { } cors) endpoint.WithMetadata(new CorsPolicyMetadata(cors.Policy));
            if (policies.FindPendingLimit(route.RateLimiterPolicy) is { } limit) endpoint.RequireRateLimiting(limit.Policy);
            if (route.CorsPolicy is null && route.RateLimiterPolicy is null && !SomeRouteMatchesByMore(policies.Pending.ReverseProxy)) endpoint.WithMetadata(TargetDecidesRoute.Mark);
        });
    }

    // A route that also looks at headers or query may take a request away from the one that its target alone would choose.
    private static bool SomeRouteMatchesByMore(IConfiguration reverseProxy) => reverseProxy.GetSection("Routes").GetChildren()
        .Any(static route => route.GetSection("Match:Headers").Exists() || route.GetSection("Match:QueryParameters").Exists());
}
