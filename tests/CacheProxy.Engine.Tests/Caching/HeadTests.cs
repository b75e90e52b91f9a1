namespace CacheProxy.Engine.Tests.Caching;

/// <summary>RFC 9110 §9.3.2, RFC 9111 §4.3.5: HEAD is answered from GET's response, and may say something of it.</summary>
public sealed class HeadTests
{
    [Fact]
    public async Task Head_OfAStoredGet_IsAnsweredFromIt()
    {
        await using var host = await CacheHost.StartAsync();

        await host.GetAsync();
        var head = await host.SendAsync(HttpMethod.Head, "/a");

        Assert.Equal(("HIT", "5", ""), (head.Cache, head["Content-Length"], head.Body));
        Assert.Equal(1, host.Origin.Count);
    }

    [Fact]
    public async Task Head_OfNothing_PassesAndStoresNothing()
    {
        await using var host = await CacheHost.StartAsync();

        var head = await host.SendAsync(HttpMethod.Head, "/a");
        var get = await host.GetAsync();

        Assert.Equal(("BYPASS", "MISS", "hello"), (head.Cache, get.Cache, get.Body));
        Assert.Equal(1, host.Origin.Passed);
    }

    [Fact]
    public async Task Head_OfAStaleGet_FreshensItWithoutRaisingItsStamp()
    {
        await using var host = await HostWithStaleAsync();
        var stamp = host.Memory.Entries.Single().Response.Stamp;
        await host.PurgeAsync("something-else");
        host.Origin.Answers = _ => OriginAnswer.Ok("hello", "ETag: \"a\"", "Cache-Control: max-age=60", "X-New: 1");

        var head = await host.SendAsync(HttpMethod.Head, "/a");
        var get = await host.GetAsync();

        Assert.Equal(("5", ""), (head["Content-Length"], head.Body));
        Assert.Equal(("HIT", "hello", "1"), (get.Cache, get.Body, get["X-New"]));
        Assert.Equal(stamp, host.Memory.Entries.Single().Response.Stamp);
    }

    [Theory]
    [InlineData("hello", "ETag: \"b\"")]
    [InlineData("longer than before", "ETag: \"a\"")]
    public async Task Head_ThatSaysOtherwise_LeavesItStale(string body, string tag)
    {
        await using var host = await HostWithStaleAsync();
        host.Origin.Answers = _ => OriginAnswer.Ok(body, tag, "Cache-Control: max-age=60");

        await host.SendAsync(HttpMethod.Head, "/a");
        var get = await host.GetAsync();

        Assert.Equal("MISS", get.Cache);
    }

    [Fact]
    public async Task Head_ThatFails_ChangesNothing()
    {
        await using var host = await HostWithStaleAsync();
        host.Origin.Answers = _ => new OriginAnswer(500, "");

        Assert.Equal(500, (await host.SendAsync(HttpMethod.Head, "/a")).Status);

        Assert.Equal(1, host.Memory.Count);
    }

    private static async Task<CacheHost> HostWithStaleAsync()
    {
        var host = await CacheHost.StartAsync();
        host.Origin.Answers = _ => OriginAnswer.Ok("hello", "ETag: \"a\"", "Cache-Control: max-age=60");
        await host.GetAsync();
        host.Time.Advance(TimeSpan.FromSeconds(61));
        return host;
    }
}
