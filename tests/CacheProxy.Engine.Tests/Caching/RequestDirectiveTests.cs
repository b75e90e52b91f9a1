using CacheProxy.Engine.Policies;

namespace CacheProxy.Engine.Tests.Caching;

/// <summary>RFC 9111 §5.2.1: what the client's <c>Cache-Control</c> asks for, where the policy listens.</summary>
public sealed class RequestDirectiveTests
{
    [Theory]
    [InlineData("Cache-Control: no-cache", 2)]
    [InlineData("Cache-Control: max-age=0", 2)]
    [InlineData("Cache-Control: max-age=5", 2)]
    [InlineData("Cache-Control: max-age=30", 1)]
    [InlineData("Cache-Control: min-fresh=55", 2)]
    [InlineData("Cache-Control: min-fresh=10", 1)]
    [InlineData("Pragma: no-cache", 2)]
    public async Task Directive_OnWhatIsFreshFor50Seconds(string field, int asked)
    {
        await using var host = await CacheHost.StartAsync();

        await host.GetAsync();
        host.Time.Advance(TimeSpan.FromSeconds(10));
        await host.GetAsync("/a", field);

        Assert.Equal(asked, host.Origin.Count);
    }

    [Theory]
    [InlineData("Cache-Control: no-cache")]
    [InlineData("Cache-Control: max-age=0")]
    [InlineData("Cache-Control: min-fresh=55")]
    public async Task Directive_BesideStaleWhileRevalidate_IsStillObeyed(string field)
    {
        await using var host = await CacheHost.StartAsync();
        host.Origin.Answers = _ => OriginAnswer.Ok("x", "Cache-Control: max-age=60, stale-while-revalidate=600");

        await host.GetAsync();
        host.Time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal("MISS", (await host.GetAsync("/a", field)).Cache);
    }

    [Theory]
    [InlineData("Cache-Control: max-stale", "STALE")]
    [InlineData("Cache-Control: max-stale=20", "STALE")]
    [InlineData("Cache-Control: max-stale=5", "MISS")]
    public async Task MaxStale_OnWhatIsStaleFor10Seconds(string field, string expected)
    {
        await using var host = await CacheHost.StartAsync();
        host.Origin.Answers = _ => OriginAnswer.Ok("x", "Cache-Control: max-age=60", "ETag: \"a\"");

        await host.GetAsync();
        host.Time.Advance(TimeSpan.FromSeconds(70));

        Assert.Equal(expected, (await host.GetAsync("/a", field)).Cache);
    }

    [Fact]
    public async Task OnlyIfCached_NothingStored_Is504WithoutAskingTheOrigin()
    {
        await using var host = await CacheHost.StartAsync();

        Assert.Equal(504, (await host.GetAsync("/a", "Cache-Control: only-if-cached")).Status);
        await host.GetAsync();
        Assert.Equal(200, (await host.GetAsync("/a", "Cache-Control: only-if-cached")).Status);

        Assert.Equal(1, host.Origin.Count);
    }

    [Fact]
    public async Task NoStore_OfTheRequest_StoresNothing()
    {
        await using var host = await CacheHost.StartAsync();

        await host.GetAsync("/a", "Cache-Control: no-store");

        Assert.Equal(0, host.Memory.Count);
    }

    [Fact]
    public async Task Directives_UnderAnExplicitTtl_CostNoRunOfTheOrigin()
    {
        await using var host = await CacheHost.StartAsync(new CachePolicyConfig { Name = "ttl", Ttl = "1h" });

        await host.GetAsync();

        Assert.Equal("HIT", (await host.GetAsync("/a", "Cache-Control: no-cache")).Cache);
    }
}
