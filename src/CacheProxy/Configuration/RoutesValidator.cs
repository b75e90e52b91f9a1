using System.Security.Cryptography;
using System.Text;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;

namespace CacheProxy.Configuration;

/// <summary>Validates and compiles the effective values of <c>ReverseProxy</c>, <c>CachePolicies</c> and <c>Invalidation</c> together.</summary>
public static class RoutesValidator
{
    private static readonly string[] s_sections = ["ReverseProxy", "CachePolicies", "Invalidation"];

    /// <summary>Compiles; the result is of use only if nothing was added to the errors.</summary>
    /// <param name="configuration">The effective values.</param>
    /// <param name="errors">Takes all that is wrong.</param>
    public static LoadedRoutes Validate(IConfiguration configuration, ConfigurationErrors errors)
    {
        EffectiveNames.Check(configuration.GetSection("ReverseProxy"), RoutesShape.ReverseProxy, "ReverseProxy", errors);
        EffectiveNames.Check(configuration.GetSection("CachePolicies"), RoutesShape.CachePolicies, "CachePolicies", errors);
        EffectiveNames.Check(configuration.GetSection("Invalidation"), RoutesShape.Invalidation, "Invalidation", errors);
        var policies = PolicyCompiler.Compile(CachePolicyReader.Policies(configuration), errors, CredentialSettings.Read(configuration, errors));
        var events = EventMap.Compile(CachePolicyReader.Events(configuration), "Invalidation.Events", errors);
        var proxy = configuration.GetSection("ReverseProxy");
        ReverseProxyRules.Check(proxy, policies, errors);
        return new(Copy(proxy), policies, events, Hash(configuration));
    }

    private static IConfigurationRoot Copy(IConfigurationSection section) =>
        new ConfigurationBuilder().AddInMemoryCollection(section.AsEnumerable(makePathsRelative: true)).Build();

    private static string Hash(IConfiguration configuration)
    {
        var text = new StringBuilder();
        foreach (var (key, value) in s_sections.SelectMany(name => configuration.GetSection(name).AsEnumerable()).OrderBy(pair => pair.Key, StringComparer.OrdinalIgnoreCase))
            text.Append(key).Append('\0').Append(value).Append('\0');
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..16];
    }
}
