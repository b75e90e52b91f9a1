using System.Collections.Immutable;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Policies.InCode;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.AspNetCore.Routing.Template;

namespace CacheProxy.Engine.Caching;

/// <summary>
/// Under which policies a target may be stored, whatever method it is named with: a purge comes before routing, and an unsafe method is
/// often another route's.
/// </summary>
internal sealed class TargetPolicies(IEnumerable<EndpointDataSource> sources, PoliciesInCode inCode) : ITargetNames
{
    private IReadOnlyList<Endpoint>? _endpoints;
    private ImmutableArray<(TemplateMatcher Matcher, CachePolicy? Policy)> _matchers = [];

    /// <inheritdoc />
    public Invalidation.Invalidation Of(HttpContext context)
    {
        var request = context.Request;
        var target = context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()?.RawTarget ?? request.Path.Value ?? "/";
        var keys = ImmutableArray.CreateBuilder<string>();
        var tags = ImmutableArray.CreateBuilder<string>();
        var values = request.RouteValues;
        try
        {
            foreach (var (matcher, policy) in Matchers())
            {
                var matched = new RouteValueDictionary();
                if (!matcher.TryMatch(request.Path, matched)) continue;
                if (policy is null)
                {
                    foreach (var named in InCode(context))
                        if (!keys.Contains(named)) keys.Add(named);
                    continue;
                }
                request.RouteValues = matched;
                foreach (var tag in TargetNames.Of(request.Scheme, request.Host.Value ?? "", target, policy))
                    if (!tags.Contains(tag)) tags.Add(tag);
                if (policy.TryGetPrimaryKey(context, out var key) && !keys.Contains(key!)) keys.Add(key!);
            }
        }
        finally
        {
            request.RouteValues = values;
        }
        return new() { Keys = keys.DrainToImmutable(), Tags = tags.DrainToImmutable() };
    }

    // What a policy in C# keys of the query, and whether the host, is known only when it is asked: all that is stored for the path goes.
    private static string[] InCode(HttpContext context)
    {
        var path = RequestTarget.Parse(RoutedTarget.Of(context)).Path;
        return [TargetNames.PrimaryKey(context.Request.Scheme, context.Request.Host.Value ?? "", path), KeyNames.ShortenKey(path)];
    }

    // Endpoint lists are immutable: a reload brings another one.
    private ImmutableArray<(TemplateMatcher Matcher, CachePolicy? Policy)> Matchers()
    {
        var endpoints = sources.SelectMany(static source => source.Endpoints).ToList();
        if (_endpoints is not null && endpoints.SequenceEqual(_endpoints)) return _matchers;
        var matchers = ImmutableArray.CreateBuilder<(TemplateMatcher, CachePolicy?)>();
        foreach (var endpoint in endpoints.OfType<RouteEndpoint>())
        {
            // One that is Off counts too: what it stored before lies there until it is On again, and on other replicas it may be On.
            var policy = endpoint.Metadata.GetMetadata<CachePolicy>();
            if (policy is null && inCode.Find(endpoint) is null) continue;
            matchers.Add((new TemplateMatcher(new RouteTemplate(endpoint.RoutePattern), Defaults(endpoint.RoutePattern)), policy));
        }
        _matchers = matchers.DrainToImmutable();
        _endpoints = endpoints;
        return _matchers;
    }

    private static RouteValueDictionary Defaults(RoutePattern pattern) => new(pattern.Defaults);
}
