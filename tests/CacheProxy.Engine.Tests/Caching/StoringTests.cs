using CacheProxy.Engine.Policies;

namespace CacheProxy.Engine.Tests.Caching;

/// <summary>RFC 9111 §3 and §4.2: what is stored, and for how long it answers.</summary>
public sealed class StoringTests
{
    [Fact]
    public async Task Fresh_SecondRequest_IsAnsweredFromMemoryWithItsAge()
    {
        await using var host = await CacheHost.StartAsync();

        var first = await host.GetAsync();
        host.Time.Advance(TimeSpan.FromSeconds(7));
        var second = await host.GetAsync();

        Assert.Equal(("MISS", "HIT"), (first.Cache, second.Cache));
        Assert.Equal("7", second["Age"]);
        Assert.Equal("hello", second.Body);
        Assert.Equal(1, host.Origin.Count);
    }

    [Fact]
    public async Task Fresh_AtTheEndOfItsLifetime_IsAskedAgain()
    {
        await using var host = await CacheHost.StartAsync();

        await host.GetAsync();
        host.Time.Advance(TimeSpan.FromSeconds(60));
        var after = await host.GetAsync();

        Assert.Equal("MISS", after.Cache);
        Assert.Equal(2, host.Origin.Count);
    }

    [Theory]
    [InlineData("On", 400, 1)]
    [InlineData("Shadow", 200, 0)]
    public async Task UnknownQuery_Reject_IsAnsweredWithoutAskingTheOrigin(string mode, int status, int keptFromOrigin)
    {
        await using var host = await CacheHost.StartAsync(new CachePolicyConfig { Name = "p", Key = "p:{query.a}", Ttl = "1m", UnknownQuery = "Reject", Mode = mode });

        var known = await host.GetAsync("/a?a=1&use_cache=true");
        var unknown = await host.GetAsync("/a?a=1&b=2");

        Assert.Equal((200, status), (known.Status, unknown.Status));
        Assert.Equal(2 - keptFromOrigin, host.Origin.Count + host.Origin.Passed);
        if (status == 200) return;
        Assert.Equal(("application/problem+json", "no-store", ""), (unknown["Content-Type"], unknown["Cache-Control"], unknown.Cache));
        Assert.Contains("urn:cacheproxy:unknown-query", unknown.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Cache-Control: no-store")]
    [InlineData("Content-Type: text/event-stream")]
    [InlineData("Cache-Control: private, max-age=60")]
    [InlineData("Vary: *")]
    [InlineData("X-Nothing: said")]
    public async Task Response_ThatMayNotBeStored_IsNot(string field)
    {
        await using var host = await CacheHost.StartAsync();
        host.Origin.Answers = _ => OriginAnswer.Ok("x", field);

        await host.GetAsync();
        await host.GetAsync();

        Assert.Equal(2, host.Origin.Count);
        Assert.Equal(0, host.Memory.Count);
    }

    [Theory]
    [InlineData("Cache-Control: max-age=60", 2)]
    [InlineData("Cache-Control: max-age=60, public", 1)]
    [InlineData("Cache-Control: s-maxage=60", 1)]
    [InlineData("Cache-Control: max-age=60, must-revalidate", 1)]
    public async Task Response_ToARequestWithCredentials_IsSharedOnlyIfItSaysSo(string field, int asked)
    {
        await using var host = await CacheHost.StartAsync();
        host.Origin.Answers = _ => OriginAnswer.Ok("x", field);

        await host.GetAsync("/a", "Authorization: Bearer a");
        await host.GetAsync("/a", "Authorization: Bearer b");

        Assert.Equal(asked, host.Origin.Count);
    }

    [Fact]
    public async Task CdnCacheControl_BesideCacheControl_Decides()
    {
        await using var host = await CacheHost.StartAsync();
        host.Origin.Answers = _ => OriginAnswer.Ok("x", "Cache-Control: no-store", "CDN-Cache-Control: max-age=60");

        await host.GetAsync();

        Assert.Equal("HIT", (await host.GetAsync()).Cache);
    }

    [Fact]
    public async Task Body_CutShort_IsNeitherSentWholeNorStored()
    {
        await using var host = await CacheHost.StartAsync();
        host.Origin.Answers = _ => OriginAnswer.Ok("half", "Cache-Control: max-age=60") with { HasLength = false, Result = OriginResult.CutShort };

        await Assert.ThrowsAsync<HttpRequestException>(() => host.GetAsync());

        Assert.Equal(0, host.Memory.Count);
    }

    [Fact]
    public async Task Body_LongerThanItMayBe_StreamsThroughUnstored()
    {
        await using var host = await CacheHost.StartAsync(CacheHost.ByOrigin with { MaxEntrySize = "1KiB" });
        var body = new string('x', 5_000);
        host.Origin.Answers = _ => OriginAnswer.Ok(body, "Cache-Control: max-age=60") with { HasLength = false };

        var answered = await host.GetAsync();

        Assert.Equal(body, answered.Body);
        Assert.Equal(0, host.Memory.Count);
    }

    [Theory]
    [InlineData("Range: bytes=0-3")]
    [InlineData("If-None-Match: \"other\"")]
    public async Task Body_TooLongToWaitFor_IsSentAsItComesAfterOneMoreRequest(string field)
    {
        await using var host = await CacheHost.StartAsync(new CachePolicyConfig { Name = "ttl", Ttl = "1h", MaxEntrySize = "1KiB" });
        var body = new string('x', 5_000);
        host.Origin.Answers = _ => OriginAnswer.Ok(body) with { HasLength = false };

        var answered = await host.GetAsync("/a", field);

        Assert.Equal((200, body), (answered.Status, answered.Body));
        Assert.Equal(2, host.Origin.Count);
    }

    [Fact]
    public async Task InterimResponse_BeforeTheFinalOne_IsNotStored()
    {
        await using var host = await CacheHost.StartAsync();
        host.Origin.Answers = _ => OriginAnswer.Ok("x", "Cache-Control: max-age=60") with
        {
            Interim = new(103, new Engine.Http.HeaderFields([new("Link", "</a.css>; rel=preload")])),
        };

        await host.GetAsync();
        var hit = await host.GetAsync();

        Assert.Equal("HIT", hit.Cache);
        Assert.Equal("", hit["Link"]);
    }
}
