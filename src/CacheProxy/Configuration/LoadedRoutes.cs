using System.Collections.Frozen;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using CacheProxy.Hosting.RateLimits;
using Microsoft.AspNetCore.Cors.Infrastructure;

namespace CacheProxy.Configuration;

/// <summary>All that a routes file with its overrides says, validated as a whole: immutable, swapped as one.</summary>
/// <param name="ReverseProxy">YARP's section, a copy that no reload changes.</param>
/// <param name="Policies">The compiled policies, by name in any case.</param>
/// <param name="Events">The mapping of events.</param>
/// <param name="Hash">16 hexadecimal digits over all values.</param>
public sealed record LoadedRoutes(IConfiguration ReverseProxy, FrozenDictionary<string, CachePolicy> Policies, EventMap Events, string Hash)
{
    /// <summary>No routes.</summary>
    public static LoadedRoutes Empty { get; } = new(new ConfigurationBuilder().Build(), FrozenDictionary<string, CachePolicy>.Empty, EventMap.Empty, "0000000000000000");

    /// <summary>What a route's <c>CorsPolicy</c> may name, by name in any case.</summary>
    public FrozenDictionary<string, StampedPolicy<CorsPolicy>> CorsPolicies { get; init; } = FrozenDictionary<string, StampedPolicy<CorsPolicy>>.Empty;

    /// <summary>What a route's <c>RateLimiterPolicy</c> may name, by name in any case.</summary>
    public FrozenDictionary<string, StampedPolicy<RateLimiterPolicy>> RateLimiterPolicies { get; init; } = FrozenDictionary<string, StampedPolicy<RateLimiterPolicy>>.Empty;

    /// <summary>The same, with the limiters of others where they say the same: a reload of something else gives nobody new permits.</summary>
    public LoadedRoutes WithLimitersOf(LoadedRoutes others) => this with
    {
        RateLimiterPolicies = RateLimiterPolicies.ToFrozenDictionary(
            static own => own.Key,
            own => others.RateLimiterPolicies.TryGetValue(own.Key, out var other) && other.Stamp == own.Value.Stamp ? other : own.Value,
            StringComparer.OrdinalIgnoreCase),
    };
}

/// <summary>A policy of ASP.NET's, made from the configuration.</summary>
/// <typeparam name="TPolicy">Its kind.</typeparam>
/// <param name="Policy">The policy.</param>
/// <param name="Stamp">Of its content: another one means that it says something else.</param>
public sealed record StampedPolicy<TPolicy>(TPolicy Policy, string Stamp);
