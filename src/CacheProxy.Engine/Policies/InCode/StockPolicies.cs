using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace CacheProxy.Engine.Policies.InCode;

/// <summary>
/// The policies that an <see cref="OutputCacheAttribute"/> stands for. The stock middleware builds them by members that are its own; through
/// its public API a policy is made only as the metadata of an endpoint, so an endpoint is built to take it from.
/// </summary>
internal static class StockPolicies
{
    /// <summary>In the order in which they are asked.</summary>
    public static IEnumerable<IOutputCachePolicy> Of(OutputCacheAttribute attribute)
    {
        var taken = new TakenMetadata();
        // A named policy may have the default one in it, or leave it out on purpose.
        if (attribute.PolicyName is { } name) taken.CacheOutput(name);
        if (attribute.PolicyName is null || IsMore(attribute)) taken.CacheOutput(policy => Build(policy, attribute), excludeDefaultPolicy: attribute.PolicyName is not null);
        return taken.Policies;
    }

    private static bool IsMore(OutputCacheAttribute attribute) =>
        attribute is { NoStore: true } or { VaryByQueryKeys: not null } or { VaryByHeaderNames: not null } or { VaryByRouteValueNames: not null } or { Tags: not null } or { Duration: > 0 };

    private static void Build(OutputCachePolicyBuilder policy, OutputCacheAttribute attribute)
    {
        if (attribute.NoStore) policy.NoCache();
        if (attribute.VaryByQueryKeys is { } query) policy.SetVaryByQuery(query);
        if (attribute.VaryByHeaderNames is { } headers) policy.SetVaryByHeader(headers);
        if (attribute.VaryByRouteValueNames is { } values) policy.SetVaryByRouteValue(values);
        if (attribute.Tags is { } tags) policy.Tag(tags);
        // 0 is what an attribute says that names no duration.
        if (attribute.Duration > 0) policy.Expire(TimeSpan.FromSeconds(attribute.Duration));
    }

    private sealed class TakenMetadata : IEndpointConventionBuilder
    {
        private readonly RouteEndpointBuilder _endpoint = new(null, RoutePatternFactory.Parse("/"), 0);

        public IEnumerable<IOutputCachePolicy> Policies => _endpoint.Metadata.OfType<IOutputCachePolicy>();

        public void Add(Action<EndpointBuilder> convention) => convention(_endpoint);
    }
}
