using CacheProxy.Engine.Policies;

namespace CacheProxy.Engine.Tests.Caching;

/// <summary>RFC 5861, RFC 9111 §4.2.4: what is served stale, and what never is.</summary>
public sealed class StaleTests
{
    [Fact]
    public async Task StaleWhileRevalidate_WithinItsWindow_IsServedAndRefreshedBehind()
    {
        await using var host = await CacheHost.StartAsync();
        var version = 0;
        host.Origin.Answers = _ => OriginAnswer.Ok($"v{Interlocked.Increment(ref version)}", "Cache-Control: max-age=10, stale-while-revalidate=30");

        await host.GetAsync();
        host.Time.Advance(TimeSpan.FromSeconds(20));
        var stale = await host.GetAsync();
        await Poll.UntilAsync(() => host.Memory.Entries.Any(entry => entry.Response.Body.Span.SequenceEqual("v2"u8)));

        Assert.Equal(("STALE", "v1"), (stale.Cache, stale.Body));
        Assert.Equal(("HIT", "v2"), ((await host.GetAsync()).Cache, (await host.GetAsync()).Body));
    }

    [Fact]
    public async Task StaleWhileRevalidate_BehindItsWindow_IsNotServed()
    {
        await using var host = await CacheHost.StartAsync();
        host.Origin.Answers = _ => OriginAnswer.Ok("x", "Cache-Control: max-age=10, stale-while-revalidate=30");

        await host.GetAsync();
        host.Time.Advance(TimeSpan.FromSeconds(41));

        Assert.Equal("MISS", (await host.GetAsync()).Cache);
    }

    [Theory]
    [InlineData(OriginResult.Unreachable)]
    [InlineData(OriginResult.TimedOut)]
    public async Task StaleIfError_OriginGone_ServesWhatIsStored(OriginResult result)
    {
        await using var host = await HostWithStaleAsync("max-age=10, stale-if-error=60");
        host.Origin.Answers = _ => OriginAnswer.Fails(result);

        var stale = await host.GetAsync();

        Assert.Equal(("STALE", "good"), (stale.Cache, stale.Body));
    }

    [Theory]
    [InlineData(500, "STALE")]
    [InlineData(503, "STALE")]
    [InlineData(501, "MISS")]
    [InlineData(429, "MISS")]
    [InlineData(404, "MISS")]
    public async Task StaleIfError_Statuses_AreThoseOfRfc5861(int status, string expected)
    {
        await using var host = await HostWithStaleAsync("max-age=10, stale-if-error=60");
        host.Origin.Answers = _ => new OriginAnswer(status, "bad");

        Assert.Equal(expected, (await host.GetAsync()).Cache);
    }

    [Theory]
    [InlineData(501)]
    [InlineData(429)]
    public async Task StaleIfError_AFailureWithFreshnessOfItsOwn_TakesNoPlace(int status)
    {
        await using var host = await HostWithStaleAsync("max-age=10, stale-if-error=60");
        host.Origin.Answers = _ => new OriginAnswer(status, "bad", "Cache-Control: max-age=600");

        Assert.Equal("bad", (await host.GetAsync()).Body);
        host.Origin.Answers = _ => OriginAnswer.Fails(OriginResult.Unreachable);

        Assert.Equal("good", (await host.GetAsync()).Body);
    }

    [Theory]
    [InlineData(404)]
    [InlineData(410)]
    [InlineData(403)]
    [InlineData(302)]
    public async Task StaleIfError_AnAnswerThatEndsIt_LeavesNothing(int status)
    {
        await using var host = await HostWithStaleAsync("max-age=10, stale-if-error=60");
        host.Origin.Answers = _ => new OriginAnswer(status, "other", "Cache-Control: no-store");

        await host.GetAsync();
        host.Origin.Answers = _ => OriginAnswer.Fails(OriginResult.Unreachable);

        Assert.Equal(502, (await host.GetAsync()).Status);
    }

    [Theory]
    [InlineData("must-revalidate", 504)]
    [InlineData("proxy-revalidate", 504)]
    [InlineData("s-maxage=10", 504)]
    [InlineData("no-cache", 504)]
    public async Task StaleIfError_Forbidden_IsAnError(string directive, int expected)
    {
        await using var host = await HostWithStaleAsync($"max-age=10, stale-if-error=60, {directive}");
        host.Origin.Answers = _ => OriginAnswer.Fails(OriginResult.Unreachable);

        Assert.Equal(expected, (await host.GetAsync()).Status);
    }

    [Fact]
    public async Task StaleIfError_OfThePolicy_OverridesSharedMaxAgeAlone()
    {
        await using var host = await HostWithStaleAsync("s-maxage=10", CacheHost.ByOrigin with { StaleIfError = "60s" });
        host.Origin.Answers = _ => OriginAnswer.Fails(OriginResult.Unreachable);

        Assert.Equal("STALE", (await host.GetAsync()).Cache);
    }

    [Fact]
    public async Task StaleIfError_AfterAHardPurge_IsNoFallback()
    {
        await using var host = await HostWithStaleAsync("max-age=10, stale-if-error=60");
        await host.PurgeAsync("*");
        host.Origin.Answers = _ => OriginAnswer.Fails(OriginResult.Unreachable);

        Assert.Equal(502, (await host.GetAsync()).Status);
    }

    [Fact]
    public async Task StaleIfError_WindowCountsFromWhenItBecameStale_WhateverFailedSince()
    {
        await using var host = await HostWithStaleAsync("max-age=10, stale-if-error=60");
        host.Origin.Answers = _ => OriginAnswer.Fails(OriginResult.Unreachable);

        for (var i = 0; i < 4; i++)
        {
            Assert.Equal("STALE", (await host.GetAsync()).Cache);
            host.Time.Advance(TimeSpan.FromSeconds(14));
        }

        Assert.Equal(502, (await host.GetAsync()).Status);
    }

    private static async Task<CacheHost> HostWithStaleAsync(string cacheControl, CachePolicyConfig? policy = null)
    {
        var host = await CacheHost.StartAsync(policy);
        host.Origin.Answers = _ => OriginAnswer.Ok("good", $"Cache-Control: {cacheControl}", "ETag: \"a\"");
        await host.GetAsync();
        host.Time.Advance(TimeSpan.FromSeconds(15));
        return host;
    }
}
