using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;

namespace CacheProxy.Configuration;

/// <summary>Validates and compiles the effective values of all sections of the routes file together.</summary>
public static class RoutesValidator
{
    /// <summary>Compiles; the result is of use only if nothing was added to the errors.</summary>
    /// <param name="configuration">The effective values.</param>
    /// <param name="errors">Takes all that is wrong.</param>
    public static LoadedRoutes Validate(IConfiguration configuration, ConfigurationErrors errors)
    {
        foreach (var (name, shape) in RoutesShape.Sections) EffectiveNames.Check(configuration.GetSection(name), shape, name, errors);
        var policies = PolicyCompiler.Compile(CachePolicyReader.Policies(configuration), errors, CredentialSettings.Read(configuration, errors));
        var events = EventMap.Compile(CachePolicyReader.Events(configuration), "Invalidation.Events", errors);
        var cors = CorsPolicyReader.Read(configuration, errors);
        var limits = RateLimiterPolicyReader.Read(configuration, errors);
        var proxy = configuration.GetSection("ReverseProxy");
        ReverseProxyRules.Check(proxy, new(policies.Keys, cors.Keys, limits.Keys), errors);
        var hash = SectionHash.Of(RoutesShape.Sections.Select(section => configuration.GetSection(section.Name)));
        return new(Copy(proxy), policies, events, hash) { CorsPolicies = cors, RateLimiterPolicies = limits };
    }

    private static IConfigurationRoot Copy(IConfigurationSection section) =>
        new ConfigurationBuilder().AddInMemoryCollection(section.AsEnumerable(makePathsRelative: true)).Build();
}
