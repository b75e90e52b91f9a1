using System.Text;
using Microsoft.AspNetCore.Routing.Constraints;
using Microsoft.AspNetCore.Routing.Patterns;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Configuration.RouteValidators;

namespace CacheProxy.Configuration;

/// <summary>
/// What YARP and ASP.NET's routing would refuse, asked of themselves before a file is taken: YARP stops at what it cannot read, without the
/// place, and routing throws at the first request.
/// </summary>
internal static class YarpRules
{
    /// <summary>Ours know the policies of the same file, and say where they stand.</summary>
    private static readonly HashSet<string> s_ownChecks = ["AuthorizationPolicyValidator", "CorsPolicyValidator", "OutputCachePolicyValidator", "RateLimitPolicyValidator"];

    /// <param name="proxy">The effective values of <c>ReverseProxy</c>.</param>
    /// <param name="errors">Takes all that is wrong.</param>
    public static void Check(IConfiguration proxy, ConfigurationErrors errors)
    {
        var known = errors.Count;
        using var services = ServicesFor(proxy);
        if (TryRead(services, out var config, out _)) CheckRead(services, config!, errors);
        else ReportUnreadable(proxy, errors);
        // What YARP says of a whole route or cluster is in other words what ours have said of a part of it.
        foreach (var repeated in errors.Skip(known).Where(error => error.Value is null && errors.Take(known).Any(own => own.Path.StartsWith(error.Path + ".", StringComparison.OrdinalIgnoreCase))).ToList())
            errors.Remove(repeated);
    }

    /// <summary>Why YARP did not load the routes, in our form.</summary>
    /// <param name="proxy">The effective values of <c>ReverseProxy</c>.</param>
    /// <param name="source">Where they come from.</param>
    /// <param name="refusal">What YARP threw.</param>
    public static ConfigurationException Explain(IConfiguration proxy, string source, Exception refusal)
    {
        var errors = new ConfigurationErrors();
        Check(proxy, errors);
        if (errors.Count == 0) errors.Add("ReverseProxy", null, $"is refused by YARP: {refusal.GetBaseException().Message}");
        return new ConfigurationException(source, [.. errors]);
    }

    private static ServiceProvider ServicesFor(IConfiguration proxy)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddReverseProxy().LoadFromConfig(proxy);
        foreach (var check in services.Where(static service => service.ServiceType == typeof(IRouteValidator) && s_ownChecks.Contains(service.ImplementationType?.Name ?? "")).ToList())
            services.Remove(check);
        return services.BuildServiceProvider();
    }

    private static bool TryRead(ServiceProvider services, out IProxyConfig? config, out string problem)
    {
        (config, problem) = (null, "");
        try
        {
            config = services.GetRequiredService<IProxyConfigProvider>().GetConfig();
            return true;
        }
        catch (Exception error) when (error is FormatException or ArgumentException or OverflowException or InvalidOperationException)
        {
            problem = error.GetBaseException().Message;
            return false;
        }
    }

    /// <summary>YARP does not say which value it could not read: each is given to it alone.</summary>
    private static void ReportUnreadable(IConfiguration proxy, ConfigurationErrors errors)
    {
        foreach (var (key, value) in proxy.AsEnumerable(makePathsRelative: true))
        {
            if (value is null) continue;
            using var services = ServicesFor(new ConfigurationBuilder().AddInMemoryCollection([new(key, value)]).Build());
            if (!TryRead(services, out _, out var problem)) errors.Add(Place(key), value, $"is nothing that YARP can read here: {problem}");
        }
    }

    private static void CheckRead(ServiceProvider services, IProxyConfig config, ConfigurationErrors errors)
    {
        // Nothing of YARP's own validators waits for anything.
        var validator = services.GetRequiredService<IConfigValidator>();
        foreach (var route in config.Routes)
            foreach (var problem in validator.ValidateRouteAsync(route).AsTask().GetAwaiter().GetResult()) errors.Add($"ReverseProxy.Routes.{route.RouteId}", null, $"is refused by YARP: {problem.Message}");
        foreach (var cluster in config.Clusters)
            foreach (var problem in validator.ValidateClusterAsync(cluster).AsTask().GetAwaiter().GetResult()) errors.Add($"ReverseProxy.Clusters.{cluster.ClusterId}", null, $"is refused by YARP: {problem.Message}");
        CheckRouting(config.Routes, services.GetRequiredService<ParameterPolicyFactory>(), errors);
    }

    /// <summary>What YARP takes, and routing throws at the first request: constraints that there are none of, routes for the same requests.</summary>
    public static void CheckRouting(IReadOnlyList<RouteConfig> routes, ParameterPolicyFactory policies, ConfigurationErrors errors)
    {
        var matches = new List<RouteMatches>();
        foreach (var route in routes)
        {
            if (route.Match.Path is not { Length: > 0 } text || Parse(text) is not { } pattern) continue;
            var path = $"ReverseProxy.Routes.{route.RouteId}.Match.Path";
            if (Constraint(pattern, policies) is { } wrong) errors.Add(path, text, $"has a constraint that routing cannot use: {wrong}");
            var own = new RouteMatches(route, pattern);
            if (matches.Find(own.IsSameAs) is { } other) errors.Add(path, text, $"matches the same requests as route {other.Id}, and neither comes before the other: give one of them an Order, or take it out");
            matches.Add(own);
        }
    }

    // What cannot be parsed has been reported by YARP.
    private static RoutePattern? Parse(string text)
    {
        try
        {
            return RoutePatternFactory.Parse(text);
        }
        catch (RoutePatternException)
        {
            return null;
        }
    }

    private static string? Constraint(RoutePattern pattern, ParameterPolicyFactory policies)
    {
        try
        {
            foreach (var parameter in pattern.Parameters)
                foreach (var reference in parameter.ParameterPolicies)
                    // Made when first used: at the first request.
                    if (policies.Create(parameter, reference) is RegexRouteConstraint expression) _ = expression.Constraint;
            return null;
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentException or FormatException or RouteCreationException)
        {
            return error.GetBaseException().Message;
        }
    }

    private static string Place(string key)
    {
        var place = new StringBuilder("ReverseProxy");
        foreach (var part in key.Split(':')) place.Append(part.All(char.IsAsciiDigit) ? $"[{part}]" : $".{part}");
        return place.ToString();
    }
}
