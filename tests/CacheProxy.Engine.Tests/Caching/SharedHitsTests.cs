using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;

namespace CacheProxy.Engine.Tests.Caching;

/// <summary>What only the shared tier has: looked for once, before any fill, and under the same rules as what is in memory.</summary>
public sealed class SharedHitsTests
{
    private readonly HeldStore _store = new();
    private volatile string _version = "v1";

    [Fact]
    public async Task Entry_ThatOnlyTheSharedTierHas_IsServedAndStaysInMemory()
    {
        await using var host = await StoredAsync();

        Assert.Equal(("HIT", "v1"), await AskAsync(host));
        Assert.Equal(("HIT", "v1"), await AskAsync(host));

        Assert.Equal((1, 1), (host.Origin.Count, _store.Reads));
    }

    [Fact]
    public async Task Requests_AtOnce_ReadItOnce()
    {
        await using var host = await StoredAsync();
        var held = Hold();
        var requests = Enumerable.Range(0, 20).Select(_ => AskAsync(host)).ToList();
        await Poll.UntilAsync(() => _store.Reads == 1);

        held.SetResult();

        Assert.All(await Task.WhenAll(requests), answer => Assert.Equal(("HIT", "v1"), answer));
        Assert.Equal((1, 1), (host.Origin.Count, _store.Reads));
    }

    [Fact]
    public async Task Requests_AtOnce_WhereItHasNothing_AskTheOriginOnce()
    {
        await using var host = await StartAsync();
        var held = Hold();
        var requests = Enumerable.Range(0, 20).Select(_ => AskAsync(host)).ToList();
        await Poll.UntilAsync(() => _store.Reads == 1);

        held.SetResult();

        Assert.All(await Task.WhenAll(requests), answer => Assert.Equal("v1", answer.Body));
        Assert.Equal(1, host.Origin.Count);
    }

    [Fact]
    public async Task Requests_WhileAFillRunsHere_JoinItAndReadNothing()
    {
        await using var host = await StartAsync();
        var open = new TaskCompletionSource();
        host.Origin.Answers = _ => OriginAnswer.Ok(_version, "Cache-Control: max-age=60") with { BeforeHead = open.Task };
        var first = AskAsync(host);
        await Poll.UntilAsync(() => host.Origin.Count == 1);
        var reads = _store.Reads;

        var others = Enumerable.Range(0, 20).Select(_ => AskAsync(host)).ToList();
        await Poll.UntilAsync(() => host.Metrics.FillWaiters.Value == 20);
        open.SetResult();

        Assert.All(await Task.WhenAll([first, .. others]), answer => Assert.Equal("v1", answer.Body));
        Assert.Equal((1, reads), (host.Origin.Count, _store.Reads));
    }

    [Theory]
    [InlineData(InvalidationMode.Hard)]
    [InlineData(InvalidationMode.Soft)]
    public async Task Purge_WhileItIsRead_IsNotAnsweredFromIt(InvalidationMode mode)
    {
        await using var host = await StoredAsync();
        var held = Hold();
        var early = AskAsync(host);
        await Poll.UntilAsync(() => _store.Reads == 1);
        _version = "v2";
        await host.PurgeAsync("*", mode);

        // It starts after the acknowledgement, and waits for the same read.
        var late = AskAsync(host);
        held.SetResult();

        Assert.Equal("v2", (await late).Body);
        Assert.Equal("v2", (await early).Body);
        Assert.Equal(("HIT", "v2"), await AskAsync(host));
    }

    [Fact]
    public async Task Client_ThatLeavesWhileItIsRead_DisturbsNobody()
    {
        await using var host = await StoredAsync();
        var held = Hold();
        using var leaving = new CancellationTokenSource();
        var first = host.Client.GetAsync("/a", leaving.Token);
        await Poll.UntilAsync(() => _store.Reads == 1);
        var second = AskAsync(host);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        held.SetResult();

        Assert.Equal(("HIT", "v1"), await second);
        Assert.Equal(1, host.Origin.Count);
    }

    [Fact]
    public async Task Head_IsAnsweredFromIt()
    {
        await using var host = await StoredAsync();

        var answer = await host.SendAsync(HttpMethod.Head, "/a");

        Assert.Equal(("HIT", "2", 0), (answer.Cache, answer["Content-Length"], host.Origin.Passed));
    }

    [Fact]
    public async Task OnlyIfCached_IsAnsweredFromIt()
    {
        await using var host = await StoredAsync();

        Assert.Equal("HIT", (await host.GetAsync("/a", "Cache-Control: only-if-cached")).Cache);
        Assert.Equal(504, (await host.GetAsync("/b", "Cache-Control: only-if-cached")).Status);
    }

    [Fact]
    public async Task WhatCannotBeStored_IsNotLookedForAgain()
    {
        await using var host = await StartAsync();
        host.Origin.Answers = static _ => OriginAnswer.Ok("x", "Cache-Control: no-store");
        await AskAsync(host);
        _store.ForgetReads();

        await AskAsync(host);

        Assert.Equal((2, 0), (host.Origin.Count, _store.Reads));
    }

    [Fact]
    public async Task Stale_IsAFillsToValidate()
    {
        await using var host = await StoredAsync();
        host.Time.Advance(TimeSpan.FromSeconds(61));
        host.Origin.Answers = request => request.Headers.IfNoneMatch == "\"a\"" ? new OriginAnswer(304, "", "ETag: \"a\"", "Cache-Control: max-age=60") : OriginAnswer.Ok("whole");

        Assert.Equal(("REVALIDATED", "v1"), await AskAsync(host));
    }

    [Fact]
    public async Task AccessCheck_ComesBeforeIt()
    {
        var policy = new CachePolicyConfig { Name = "p", Key = "p:a", Ttl = "1h", AccessCheckPath = "/access", AccessCheckTtl = "30s" };
        await using var host = await CacheHost.StartAsync(policy, shared: _store);
        host.Origin.Answers = request => request.Target != "/access" ? OriginAnswer.Ok("secret", "Content-Type: application/json")
            : request.Headers.Authorization == "owner" ? OriginAnswer.Ok("{}") : new OriginAnswer(403, "no");
        await host.GetAsync("/a", "Authorization: owner");
        await ForgetInMemoryAsync(host);

        var stranger = await host.GetAsync("/a", "Authorization: stranger");
        Assert.Equal((403, "no"), (stranger.Status, stranger.Body));
        await ForgetInMemoryAsync(host);
        Assert.Equal(("HIT", "secret"), await AskAsync(host, "Authorization: owner"));
    }

    private async Task<CacheHost> StartAsync()
    {
        var host = await CacheHost.StartAsync(shared: _store);
        host.Origin.Answers = _ => OriginAnswer.Ok(_version, "Cache-Control: max-age=60", "ETag: \"a\"");
        return host;
    }

    /// <summary>A host that has stored its answer, and lost it from memory.</summary>
    private async Task<CacheHost> StoredAsync()
    {
        var host = await StartAsync();
        await AskAsync(host);
        await ForgetInMemoryAsync(host);
        _store.ForgetReads();
        return host;
    }

    private async Task ForgetInMemoryAsync(CacheHost host)
    {
        // It is written after the client has its answer.
        await Poll.UntilAsync(() => _store.Count == 1);
        foreach (var entry in host.Memory.Entries) host.Memory.Remove(entry, "test");
    }

    private TaskCompletionSource Hold()
    {
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _store.OnItsWay = held.Task;
        return held;
    }

    private static async Task<(string Cache, string Body)> AskAsync(CacheHost host, params string[] fields)
    {
        var answer = await host.GetAsync("/a", fields);
        return (answer.Cache, answer.Body);
    }
}
