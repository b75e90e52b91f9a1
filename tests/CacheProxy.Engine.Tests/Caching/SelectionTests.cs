namespace CacheProxy.Engine.Tests.Caching;

/// <summary>RFC 9111 §4.1: which stored response answers a request.</summary>
public sealed class SelectionTests
{
    [Fact]
    public async Task Vary_DifferentValues_AreDifferentResponses()
    {
        await using var host = await CacheHost.StartAsync();
        host.Origin.Answers = request => OriginAnswer.Ok(request.Headers["X-Tenant"].ToString(), "Cache-Control: max-age=60", "Vary: X-Tenant");

        var bodies = new List<string>();
        foreach (var tenant in (string[])["a", "b", "a", "b"]) bodies.Add((await host.GetAsync("/a", $"X-Tenant: {tenant}")).Body);
        var none = await host.GetAsync();

        Assert.Equal(["a", "b", "a", "b"], bodies);
        Assert.Equal("", none.Body);
        Assert.Equal(3, host.Origin.Count);
    }

    [Fact]
    public async Task Vary_OnlySomeResponsesHaveIt_EachAnswersItsOwn()
    {
        await using var host = await CacheHost.StartAsync();
        host.Origin.Answers = request => request.Headers["X-Tenant"].Count > 0
            ? OriginAnswer.Ok("tenant", "Cache-Control: max-age=60", "Vary: X-Tenant")
            : OriginAnswer.Ok("none", "Cache-Control: max-age=60", "Vary: X-Tenant");

        await host.GetAsync("/a", "X-Tenant: a");
        await host.GetAsync();

        Assert.Equal("tenant", (await host.GetAsync("/a", "X-Tenant: a")).Body);
        Assert.Equal("none", (await host.GetAsync()).Body);
    }

    [Fact]
    public async Task ContentLanguage_ThatTheRequestPrefers_IsSelected()
    {
        await using var host = await CacheHost.StartAsync();
        host.Origin.Answers = _ => OriginAnswer.Ok("hallo", "Cache-Control: max-age=60", "Vary: Accept-Language", "Content-Language: de");

        await host.GetAsync("/a", "Accept-Language: en, de");

        Assert.Equal("HIT", (await host.GetAsync("/a", "Accept-Language: fr;q=0.5, de")).Cache);
        Assert.Equal("MISS", (await host.GetAsync("/a", "Accept-Language: fr, de;q=0.5")).Cache);
    }

    [Fact]
    public async Task Vary_Variants_AreBounded()
    {
        await using var host = await CacheHost.StartAsync(options: new CacheEngineOptions { Memory = new() { Limit = 64 << 20, MaxVariants = 3 } });
        host.Origin.Answers = request => OriginAnswer.Ok("x", "Cache-Control: max-age=60", "Vary: X-Tenant");

        for (var i = 0; i < 10; i++) await host.GetAsync("/a", $"X-Tenant: {i}");

        Assert.Equal(3, host.Memory.Count);
    }

    [Fact]
    public async Task Waiters_OfAnotherVariant_GetTheirOwnResponse()
    {
        await using var host = await CacheHost.StartAsync();
        var gate = new TaskCompletionSource();
        host.Origin.Answers = request => OriginAnswer.Ok(request.Headers["X-Tenant"].ToString(), "Cache-Control: max-age=60", "Vary: X-Tenant") with { BeforeHead = gate.Task };

        var answers = Enumerable.Range(0, 6).Select(i => host.GetAsync("/a", $"X-Tenant: {i % 2}")).ToList();
        await Poll.UntilAsync(() => host.Origin.Count > 0);
        gate.SetResult();

        var bodies = (await Task.WhenAll(answers)).Select(answer => answer.Body);
        Assert.Equal(["0", "1", "0", "1", "0", "1"], bodies);
    }
}
