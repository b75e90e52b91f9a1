using CacheProxy.Engine.Policies;
using CacheProxy.Proxying;

namespace CacheProxy.Tests.Proxying;

/// <summary>How long the log's records are of use.</summary>
public sealed class EntryLifetimesTests
{
    [Fact]
    public void Longest_SeveralPolicies_IsTheLongestOfThemWithItsStaleWindow()
    {
        var lifetimes = new EntryLifetimes();
        lifetimes.Add([Compile("1h", stale: "30m"), Compile("2h")]);
        Assert.InRange(lifetimes.Longest!.Value, TimeSpan.FromHours(2), TimeSpan.FromHours(2.5));

        // After a reload: what was stored before is still there.
        lifetimes.Add([Compile("1m")]);
        Assert.InRange(lifetimes.Longest!.Value, TimeSpan.FromHours(2), TimeSpan.FromHours(2.5));
    }

    [Fact]
    public void Longest_OriginDecides_HasNoBound()
    {
        var lifetimes = new EntryLifetimes();
        lifetimes.Add([Compile("1h"), Compile("Origin")]);
        lifetimes.Add([Compile("1h")]);
        Assert.Null(lifetimes.Longest);
    }

    private static CachePolicy Compile(string ttl, string? stale = null)
    {
        var errors = new List<ConfigurationError>();
        var policies = PolicyCompiler.Compile([new CachePolicyConfig { Name = "policy", Ttl = ttl, StaleIfError = stale }], errors);
        Assert.Empty(errors);
        return policies["policy"];
    }
}
