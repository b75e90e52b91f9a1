using System.Diagnostics;
using EndToEnd.Wire;
using Processes;

namespace EndToEnd.Faults;

/// <summary>Those who wait for a fill are let go at once when it has nothing for them.</summary>
public sealed class FillReleaseTests(FillReleaseTests.Rig rig) : IClassFixture<FillReleaseTests.Rig>
{
    private const int Clients = 20;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("Cache-Control: no-store")]
    [InlineData("Cache-Control: private")]
    [InlineData("Set-Cookie: a=b")]
    [InlineData("Vary: *")]
    public async Task Waiters_UncacheableHead_AskInParallelAndHaveAnswersOfTheirOwn(string fields)
    {
        var path = ProxyRig.Path("ttl");
        var (first, others) = (new Gate(), new Gate());
        rig.Origin.On(path, async (request, connection) =>
        {
            if (request.Number == 1) await first.WaitAsync();
            else await others.WaitAsync();
            await connection.AnswerAsync(MarkedBody.Make(path, request.Number, 500), fields);
        });

        var replies = Waiting(path);
        await first.ReachedAsync(1);
        await JoinedAsync(Clients);
        first.Open();
        // None of them is answered before all others are at the origin: one after the other would never come so far.
        await others.ReachedAsync(Clients - 1);
        others.Open();

        var answered = await Task.WhenAll(replies);
        Assert.All(answered, reply => Assert.Null(MarkedBody.Fault(path, reply.Text)));
        Assert.Equal(Clients, answered.Select(reply => MarkedBody.VersionOf(reply.Text)).Distinct().Count());
    }

    [Fact]
    public async Task Key_UncacheableBefore_DoesNotWaitForOthers()
    {
        var path = ProxyRig.Path("ttl");
        var gate = new Gate();
        rig.Origin.On(path, async (request, connection) =>
        {
            if (request.Number > 1) await gate.WaitAsync();
            await connection.AnswerAsync("mine", "Cache-Control: no-store");
        });
        await rig.GetAsync(path);

        var replies = Waiting(path);
        await gate.ReachedAsync(Clients);
        gate.Open();

        Assert.All(await Task.WhenAll(replies), static reply => Assert.Equal("mine", reply.Text));
    }

    [Fact]
    public async Task Waiters_OriginSaysNothing_AllHave504AndAreFreeTogether()
    {
        var path = ProxyRig.Path("slow");
        var gate = new Gate();
        rig.Origin.On(path, async (request, connection) =>
        {
            if (request.Number == 1) await gate.WaitAsync();
            await connection.AnswerAsync("now");
        });

        var started = Stopwatch.GetTimestamp();
        var replies = await Task.WhenAll(Waiting(path));
        var took = Stopwatch.GetElapsedTime(started);

        Assert.All(replies, static reply => Assert.Equal((504, "application/problem+json"), (reply.Status, reply["Content-Type"])));
        Assert.True(took < TimeSpan.FromSeconds(10), $"{took}");
        Assert.Equal(1, rig.Origin.Count(path));
        gate.Open();
        Assert.Equal("now", (await rig.GetAsync(path)).Text);
    }

    [Fact]
    public async Task Fills_MoreThanMaxConcurrent_QueueAndThenHave503WithRetryAfter()
    {
        // A proxy of its own: one fill at once.
        await using var origin = new ScriptedOrigin();
        await using var proxy = await ProxyProcess.StartAsync(new ProxySettings
        {
            RoutesPath = RoutesText.Write(RoutesText.For(origin.Url)),
            Settings = new Dictionary<string, string?> { ["Origin__MaxConcurrentFills"] = "1" },
        });
        var gate = new Gate();
        origin.On("/ttl/", async (request, connection) =>
        {
            await gate.WaitAsync();
            await connection.AnswerAsync(MarkedBody.Make(request.Path, 1, 200));
        });

        // One runs, 1 024 may queue: 40 of these are too many.
        var replies = Enumerable.Range(0, 1 + 1_024 + 40).Select(i => WireClient.AskAsync(proxy.Url, $"/ttl/{i}")).ToArray();
        await Poll.UntilAsync(() => replies.Count(static reply => reply.IsCompleted) == 40, Limit, () => $"{replies.Count(static reply => reply.IsCompleted)} were answered, {gate.Arrived} at the origin");
        Assert.All(replies.Where(static reply => reply.IsCompleted), static reply => Assert.Equal((503, "1"), (reply.Result.Status, reply.Result["Retry-After"])));
        await gate.ReachedAsync(1);
        Assert.Equal(1, gate.Arrived);
        gate.Open();

        var answered = await Task.WhenAll(replies);
        Assert.Equal(1_025, answered.Count(static reply => reply.Status == 200));
        Assert.Equal(40, await ProxyRig.MetricAsync(proxy, "cacheproxy_fills_rejected_total"));
    }

    private Task<WireReply>[] Waiting(string path) => [.. Enumerable.Range(0, Clients).Select(_ => rig.GetAsync(path))];

    private Task JoinedAsync(int clients) => Poll.UntilAsync(
        async () => await rig.MetricAsync("cacheproxy_fill_waiters") >= clients - 1, Limit, () => "Not all joined");

    public sealed class Rig : ProxyRig;
}
