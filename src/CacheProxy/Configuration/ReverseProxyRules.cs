using System.Collections.Frozen;
using System.Globalization;

namespace CacheProxy.Configuration;

/// <summary>What the cache needs of YARP's section: policies that exist, clusters that exist, and cached routes that send what they key.</summary>
internal static class ReverseProxyRules
{
    private static readonly FrozenSet<string> s_changesTarget = new[]
    {
        "PathPrefix", "PathRemovePrefix", "PathSet", "PathPattern", "QueryValueParameter", "QueryRouteParameter", "QueryRemoveParameter", "HttpMethodChange",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static void Check(IConfigurationSection proxy, PolicyNames policies, ConfigurationErrors errors)
    {
        var clusters = proxy.GetSection("Clusters").GetChildren().Select(cluster => cluster.Key).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var route in proxy.GetSection("Routes").GetChildren()) CheckRoute(route, clusters, policies, errors);
        foreach (var cluster in proxy.GetSection("Clusters").GetChildren()) CheckCluster(cluster, errors);
    }

    private static void CheckRoute(IConfigurationSection route, HashSet<string> clusters, PolicyNames policies, ConfigurationErrors errors)
    {
        var path = $"ReverseProxy.Routes.{route.Key}";
        if (route["ClusterId"] is not { Length: > 0 } cluster) errors.Add($"{path}.ClusterId", null, "is missing: name one of ReverseProxy.Clusters");
        else if (!clusters.Contains(cluster)) errors.Add($"{path}.ClusterId", cluster, Suggestions.Unknown(cluster, clusters));
        if (string.IsNullOrEmpty(route["Match:Path"]) && !route.GetSection("Match:Hosts").GetChildren().Any())
            errors.Add($"{path}.Match", null, "matches nothing: write a Path such as /{**rest}, or Hosts");
        if (route["AuthorizationPolicy"] is { } authorization && !authorization.Equals("Anonymous", StringComparison.OrdinalIgnoreCase))
            errors.Add($"{path}.AuthorizationPolicy", authorization, "cannot be held: the clients' path does not authenticate. Leave it out and let the backend decide, with AccessCheck for cached responses");
        CheckTimeout(route["Timeout"], $"{path}.Timeout", errors);
        if (route["Order"] is { } order && !int.TryParse(order, CultureInfo.InvariantCulture, out _)) errors.Add($"{path}.Order", order, "is no whole number");
        RouteRules.CheckReference(route, "CorsPolicy", "Cors.Policies", policies.Cors, errors);
        RouteRules.CheckReference(route, "RateLimiterPolicy", "RateLimiter.Policies", policies.RateLimiter, errors);
        if (route["OutputCachePolicy"] is not { } policy) return;
        if (!policies.Cache.Contains(policy, StringComparer.OrdinalIgnoreCase)) errors.Add($"{path}.OutputCachePolicy", policy, policies.Cache.Count == 0 ? "is unknown: there are no CachePolicies" : Suggestions.Unknown(policy, policies.Cache));
        CheckTransforms(route, path, errors);
    }

    private static void CheckTransforms(IConfigurationSection route, string path, ConfigurationErrors errors)
    {
        foreach (var transform in route.GetSection("Transforms").GetChildren())
            foreach (var entry in transform.GetChildren())
            {
                var place = $"{path}.Transforms[{transform.Key}].{entry.Key}";
                if (s_changesTarget.Contains(entry.Key))
                    errors.Add(place, entry.Value, "changes what is sent, while the key is made from what was asked: take it out, or the route's OutputCachePolicy");
                else if (entry.Key.Equals("RequestHeaderOriginalHost", StringComparison.OrdinalIgnoreCase) && !"false".Equals(entry.Value, StringComparison.OrdinalIgnoreCase))
                    errors.Add(place, entry.Value, "sends the client's Host, which the key does not have: take it out, or the route's OutputCachePolicy");
            }
    }

    private static void CheckCluster(IConfigurationSection cluster, ConfigurationErrors errors)
    {
        var path = $"ReverseProxy.Clusters.{cluster.Key}";
        var destinations = cluster.GetSection("Destinations").GetChildren().ToList();
        if (destinations.Count == 0) errors.Add($"{path}.Destinations", null, "is empty: name the backend, as { \"backend\": { \"Address\": \"http://localhost:8000\" } }");
        foreach (var destination in destinations)
            if (!Uri.TryCreate(destination["Address"], UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
                errors.Add($"{path}.Destinations.{destination.Key}.Address", destination["Address"], "is no address: write one such as http://localhost:8000");
        CheckTimeout(cluster["HttpRequest:ActivityTimeout"], $"{path}.HttpRequest.ActivityTimeout", errors);
    }

    // These two are read by YARP, which takes hh:mm:ss only, and "30" for thirty days.
    private static void CheckTimeout(string? text, string path, ConfigurationErrors errors)
    {
        if (text is null) return;
        if (text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var value) && value > TimeSpan.Zero && value < TimeSpan.FromDays(1)) return;
        errors.Add(path, text, "is no time-out: YARP reads hh:mm:ss below 24 hours, such as 00:01:40");
    }
}
