using Microsoft.AspNetCore.Routing.Patterns;
using Yarp.ReverseProxy.Configuration;

namespace CacheProxy.Configuration;

/// <summary>What requests a route takes, as far as two routes can take the same: then routing has no answer but an error.</summary>
internal sealed class RouteMatches(RouteConfig route, RoutePattern pattern)
{
    private readonly RouteConfig _route = route;
    private readonly string _shape = string.Join('/', pattern.PathSegments.Select(static segment => string.Concat(segment.Parts.Select(Shape))));

    public string Id => _route.RouteId;

    /// <summary>Whether there are requests that both take, and nothing that prefers one of them.</summary>
    public bool IsSameAs(RouteMatches other) =>
        (_route.Order ?? 0) == (other._route.Order ?? 0) && _shape == other._shape
        && Meet(_route.Match.Methods, other._route.Match.Methods) && Meet(_route.Match.Hosts, other._route.Match.Hosts)
        // Headers and queries may tell them apart: who writes some of them is believed.
        && IsPlain(_route) && IsPlain(other._route);

    private static bool IsPlain(RouteConfig route) => route.Match.Headers is null or { Count: 0 } && route.Match.QueryParameters is null or { Count: 0 };

    // One that names some comes before one that names none.
    private static bool Meet(IReadOnlyList<string>? own, IReadOnlyList<string>? others)
    {
        var (count, otherCount) = (own?.Count ?? 0, others?.Count ?? 0);
        return count == 0 || otherCount == 0 ? count == otherCount : own!.Intersect(others!, StringComparer.OrdinalIgnoreCase).Any();
    }

    private static string Shape(RoutePatternPart part) => part switch
    {
        RoutePatternLiteralPart literal => literal.Content.ToUpperInvariant(),
        RoutePatternSeparatorPart separator => separator.Content,
        RoutePatternParameterPart parameter =>
            $"{{{(parameter.IsCatchAll ? "*" : "")}{(parameter.IsOptional ? "?" : "")}{string.Concat(parameter.ParameterPolicies.Select(static policy => $":{policy.Content}"))}}}",
        _ => "",
    };
}
