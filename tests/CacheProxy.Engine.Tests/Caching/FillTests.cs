using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Invalidation;

namespace CacheProxy.Engine.Tests.Caching;

/// <summary>DESIGN 4: one request to the origin for all who want the same, and none of them leaving disturbs it.</summary>
public sealed class FillTests
{
    private static readonly string s_body = new('x', 200_000);

    [Fact]
    public async Task ManyClients_OfAColdKey_CostOneRequest()
    {
        await using var host = await CacheHost.StartAsync();
        var gate = new TaskCompletionSource();
        host.Origin.Answers = _ => OriginAnswer.Ok("x", "Cache-Control: max-age=60") with { BeforeHead = gate.Task };

        var clients = Enumerable.Range(0, 50).Select(_ => host.GetAsync()).ToList();
        await Poll.UntilAsync(() => host.Origin.Count == 1);
        gate.SetResult();
        var answers = await Task.WhenAll(clients);

        Assert.All(answers, answer => Assert.Equal("x", answer.Body));
        Assert.Equal(1, host.Origin.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100_000)]
    [InlineData(199_000)]
    public async Task Leader_ThatLeaves_ChangesNothingForTheOthers(int after)
    {
        await using var host = await CacheHost.StartAsync();
        var gate = new TaskCompletionSource();
        host.Origin.Answers = _ => OriginAnswer.Ok(s_body, "Cache-Control: max-age=60") with { Pause = (after, gate.Task) };
        using var leader = new CancellationTokenSource();

        var led = host.Client.GetAsync("/a", HttpCompletionOption.ResponseHeadersRead, leader.Token);
        await Poll.UntilAsync(() => host.Origin.Count == 1);
        var follower = host.GetAsync();
        using (var response = await led) await leader.CancelAsync();
        gate.SetResult();

        Assert.Equal(s_body, (await follower).Body);
        await Poll.UntilAsync(() => host.Memory.Count == 1);
        Assert.Equal("HIT", (await host.GetAsync()).Cache);
        Assert.Equal(1, host.Origin.Count);
    }

    [Fact]
    public async Task Fill_ThatEverybodyHasLeft_IsStoredAllTheSame()
    {
        await using var host = await CacheHost.StartAsync();
        var gate = new TaskCompletionSource();
        host.Origin.Answers = _ => OriginAnswer.Ok("x", "Cache-Control: max-age=60") with { BeforeHead = gate.Task };
        using var left = new CancellationTokenSource();

        var only = host.Client.GetAsync("/a", left.Token);
        await Poll.UntilAsync(() => host.Origin.Count == 1);
        await left.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => only);
        gate.SetResult();

        await Poll.UntilAsync(() => host.Memory.Count == 1);
    }

    [Fact]
    public async Task Uncacheable_ReleasesAllWhoWaitAtOnceAndInParallel()
    {
        await using var host = await CacheHost.StartAsync();
        var first = new TaskCompletionSource();
        var others = new TaskCompletionSource();
        host.Origin.Answers = _ => OriginAnswer.Ok("x", "Cache-Control: no-store") with { BeforeHead = host.Origin.Count == 1 ? first.Task : others.Task };

        var clients = Enumerable.Range(0, 10).Select(_ => host.GetAsync()).ToList();
        await Poll.UntilAsync(() => host.Origin.Count == 1);
        first.SetResult();
        // All of them are at the origin together: none waits for another.
        await Poll.UntilAsync(() => host.Origin.Count == 10);
        others.SetResult();

        Assert.All(await Task.WhenAll(clients), answer => Assert.Equal(200, answer.Status));
    }

    [Fact]
    public async Task Uncacheable_IsRememberedForAWhile()
    {
        await using var host = await CacheHost.StartAsync();
        host.Origin.Answers = _ => OriginAnswer.Ok("x", "Cache-Control: no-store");
        await host.GetAsync();
        var gate = new TaskCompletionSource();
        host.Origin.Answers = _ => OriginAnswer.Ok("x", "Cache-Control: no-store") with { BeforeHead = gate.Task };

        var marked = new[] { host.GetAsync(), host.GetAsync() };
        await Poll.UntilAsync(() => host.Origin.Count == 3);
        gate.SetResult();

        await Task.WhenAll(marked);
    }

    [Fact]
    public async Task Waiters_HaveADeadline()
    {
        await using var host = await CacheHost.StartAsync(options: new CacheEngineOptions { Fills = new FillOptions { MaxWait = TimeSpan.FromSeconds(5) } });
        var gate = new TaskCompletionSource();
        host.Origin.Answers = _ => OriginAnswer.Ok("x") with { BeforeHead = gate.Task };

        var waiting = host.GetAsync();
        await Poll.UntilAsync(() => host.Origin.Count == 1);
        await Poll.UntilAsync(() =>
        {
            host.Time.Advance(TimeSpan.FromSeconds(1));
            return waiting.IsCompleted;
        });

        Assert.Equal(504, (await waiting).Status);
        gate.SetResult();
    }

    [Fact]
    public async Task Fills_BeyondTheQueue_Are503WithRetryAfter()
    {
        await using var host = await CacheHost.StartAsync(options: new CacheEngineOptions { Fills = new FillOptions { MaxConcurrent = 1, MaxQueued = 0 } });
        var gate = new TaskCompletionSource();
        host.Origin.Answers = _ => OriginAnswer.Ok("x") with { BeforeHead = gate.Task };

        var running = host.GetAsync("/a");
        await Poll.UntilAsync(() => host.Origin.Count == 1);
        var refused = await host.GetAsync("/b");
        gate.SetResult();

        Assert.Equal((503, "1"), (refused.Status, refused["Retry-After"]));
        Assert.Equal(200, (await running).Status);
    }

    [Fact]
    public async Task Purge_WhileAFillRuns_SendsLaterRequestsToTheOriginAndStoresNothingOld()
    {
        await using var host = await CacheHost.StartAsync();
        var gate = new TaskCompletionSource();
        host.Origin.Answers = _ => OriginAnswer.Ok(host.Origin.Count == 1 ? "old" : "new", "Cache-Control: max-age=60") with
        {
            BeforeHead = host.Origin.Count == 1 ? gate.Task : Task.CompletedTask,
        };

        var before = host.GetAsync();
        await Poll.UntilAsync(() => host.Origin.Count == 1);
        await host.PurgeAsync("*");
        var after = await host.GetAsync();
        gate.SetResult();

        Assert.Equal("new", after.Body);
        Assert.Equal("old", (await before).Body);
        Assert.Equal("new", (await host.GetAsync()).Body);
    }

    [Fact]
    public async Task Purge_Soft_WhileAFillRuns_MakesItsResponseStale()
    {
        await using var host = await CacheHost.StartAsync();
        var gate = new TaskCompletionSource();
        host.Origin.Answers = _ => OriginAnswer.Ok("x", "Cache-Control: max-age=60") with { BeforeHead = gate.Task };

        var before = host.GetAsync();
        await Poll.UntilAsync(() => host.Origin.Count == 1);
        await host.PurgeAsync("*", InvalidationMode.Soft);
        gate.SetResult();
        await before;
        await host.GetAsync();

        Assert.Equal(2, host.Origin.Count);
    }
}
