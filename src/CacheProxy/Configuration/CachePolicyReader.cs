using System.Collections.Immutable;
using CacheProxy.Engine.Policies;

namespace CacheProxy.Configuration;

/// <summary>Reads policies and events as they are written, by hand: a binder would need reflection, and would skip what it does not know.</summary>
internal static class CachePolicyReader
{
    public static IEnumerable<CachePolicyConfig> Policies(IConfiguration configuration) =>
        configuration.GetSection("CachePolicies").GetChildren().Select(Policy);

    public static IEnumerable<KeyValuePair<string, InvalidationConfig>> Events(IConfiguration configuration) =>
        configuration.GetSection("Invalidation:Events").GetChildren().Select(section => KeyValuePair.Create(section.Key, Invalidation(section)));

    private static CachePolicyConfig Policy(IConfigurationSection section) => new()
    {
        Name = section.Key,
        Key = section["Key"],
        Tags = List(section, "Tags") ?? [],
        Ttl = section["Ttl"],
        Jitter = section["Jitter"],
        Methods = List(section, "Methods"),
        Bypass = Map(section, "Bypass"),
        IgnoreQuery = List(section, "IgnoreQuery") ?? [],
        IgnoreBody = List(section, "IgnoreBody") ?? [],
        UnknownQuery = section["UnknownQuery"],
        VaryByHeader = List(section, "VaryByHeader") ?? [],
        VaryByCredential = section["VaryByCredential"],
        AccessCheckPath = section["AccessCheck:Path"],
        AccessCheckTtl = section["AccessCheck:Ttl"],
        Shared = section["Shared"],
        StatusCodes = Map(section, "StatusCodes"),
        RequestDirectives = section["RequestDirectives"],
        RemoveHeaders = List(section, "RemoveHeaders"),
        MaxEntrySize = section["MaxEntrySize"],
        StaleWhileRevalidate = section["StaleWhileRevalidate"],
        StaleIfError = section["StaleIfError"],
        OnLostLease = section["OnLostLease"],
        RefreshAhead = section["RefreshAhead"],
        Verify = section["Verify"],
        Warmup = List(section, "Warmup") ?? [],
        InvalidateOnSuccess = section.GetSection("InvalidateOnSuccess") is var invalidation && invalidation.Exists() ? Invalidation(invalidation) : null,
        Mode = section["Mode"],
    };

    private static InvalidationConfig Invalidation(IConfigurationSection section) => new()
    {
        Keys = List(section, "Keys") ?? [],
        Tags = List(section, "Tags") ?? [],
        Patterns = List(section, "Patterns") ?? [],
        Everything = section["Everything"],
        Mode = section["Mode"],
    };

    private static ImmutableArray<string>? List(IConfigurationSection section, string name)
    {
        var list = section.GetSection(name);
        return list.Exists() ? [.. list.GetChildren().Select(item => item.Value ?? "")] : null;
    }

    private static Dictionary<string, string>? Map(IConfigurationSection section, string name)
    {
        var map = section.GetSection(name);
        return map.Exists() ? map.GetChildren().ToDictionary(item => item.Key, item => item.Value ?? "", StringComparer.OrdinalIgnoreCase) : null;
    }
}
