using System.Globalization;
using CacheProxy.Configuration;
using CacheProxy.Engine;
using CacheProxy.Engine.Invalidation;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Configuration.RouteValidators;

namespace CacheProxy.Proxying;

/// <summary>
/// Stamps each route with the content of its policies: YARP keeps an endpoint while its route is equal, and a policy whose content changed
/// under the same name must get a new one.
/// </summary>
internal sealed class PolicyStampFilter(PolicyCatalog policies) : IProxyConfigFilter
{
    private const string Stamp = "CacheProxy.Policies";

    public ValueTask<ClusterConfig> ConfigureClusterAsync(ClusterConfig cluster, CancellationToken cancel) => new(cluster);

    public ValueTask<RouteConfig> ConfigureRouteAsync(RouteConfig route, ClusterConfig? cluster, CancellationToken cancel)
    {
        string?[] stamps =
        [
            policies.FindPending(route.OutputCachePolicy)?.ContentHash.ToString("x16", CultureInfo.InvariantCulture),
            policies.FindPendingCors(route.CorsPolicy)?.Stamp,
            policies.FindPendingLimit(route.RateLimiterPolicy)?.Stamp,
        ];
        if (stamps.All(static stamp => stamp is null)) return new(route);
        var metadata = new Dictionary<string, string>(route.Metadata ?? new Dictionary<string, string>()) { [Stamp] = string.Join('/', stamps) };
        return new(route with { Metadata = metadata });
    }
}

/// <summary>In the place of YARP's own checks: the policies of the same file are what a route may name.</summary>
internal sealed class PolicyRouteValidator(PolicyCatalog policies) : IRouteValidator
{
    public ValueTask ValidateAsync(RouteConfig routeConfig, IList<Exception> errors)
    {
        Check(routeConfig, routeConfig.OutputCachePolicy, policies.FindPending(routeConfig.OutputCachePolicy), "CachePolicies", errors);
        if (!IsDisabled(routeConfig.CorsPolicy)) Check(routeConfig, routeConfig.CorsPolicy, policies.FindPendingCors(routeConfig.CorsPolicy), "Cors:Policies", errors);
        if (!IsDisabled(routeConfig.RateLimiterPolicy))
            Check(routeConfig, routeConfig.RateLimiterPolicy, policies.FindPendingLimit(routeConfig.RateLimiterPolicy), "RateLimiter:Policies", errors);
        return ValueTask.CompletedTask;
    }

    private static bool IsDisabled(string? name) => string.Equals(name, "Disable", StringComparison.OrdinalIgnoreCase);

    private static void Check(RouteConfig route, string? name, object? policy, string section, IList<Exception> errors)
    {
        if (name is not null && policy is null) errors.Add(new ArgumentException($"Route '{route.RouteId}' names the policy '{name}', which is not in {section}."));
    }
}

/// <summary>
/// Policies become current exactly when YARP has applied the routes that use them. Before that the log learns whether any of them serves
/// without a lease: the longer one must be registered before it is used (INVALIDATION 3). After it the log learns how long entries can live:
/// it keeps no purges that are older.
/// </summary>
internal sealed class PolicyChangeListener(PolicyCatalog policies, RedisInvalidationLog? log = null) : IConfigChangeListener
{
    private readonly EntryLifetimes _lifetimes = new();

    public void ConfigurationLoadingFailed(IProxyConfigProvider configProvider, Exception exception) => policies.Discard();

    public void ConfigurationLoaded(IReadOnlyList<IProxyConfig> proxyConfigs)
    {
        // The policies were prepared by whoever validated the file.
        if (log is not null && policies.Pending.Policies.Values.Any(static policy => policy.OnLostLease == OnLostLease.Serve)) log.RegisterServeFor = true;
    }

    public void ConfigurationApplyingFailed(IReadOnlyList<IProxyConfig> proxyConfigs, Exception exception) => policies.Discard();

    public void ConfigurationApplied(IReadOnlyList<IProxyConfig> proxyConfigs)
    {
        policies.Apply();
        _lifetimes.Add(policies.Current.Policies.Values);
        if (log is not null) log.LongestEntryLife = _lifetimes.Longest;
    }
}
