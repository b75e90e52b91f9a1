using EndToEnd.Wire;
using Processes;

namespace EndToEnd.Faults;

/// <summary>Clients that leave while a fill runs: nobody else notices (DESIGN 4).</summary>
public sealed class FillLeavingTests(FillLeavingTests.Rig rig) : IClassFixture<FillLeavingTests.Rig>
{
    private const int Length = 100_000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(0, false)]
    [InlineData(50_000, false)]
    [InlineData(99_000, false)]
    [InlineData(0, true)]
    [InlineData(50_000, true)]
    [InlineData(99_000, true)]
    public async Task Leader_LeavesAfterSoManyBytes_FollowersHaveAllAndItIsStored(int sent, bool chunked)
    {
        var path = ProxyRig.Path("ttl");
        var body = MarkedBody.Make(path, 1, Length);
        var gate = new Gate();
        rig.Origin.On(path, async (_, connection) =>
        {
            if (sent == 0) await gate.WaitAsync();
            await connection.SayAsync(chunked ? OriginConnection.ChunkedHead() : OriginConnection.Head(Length));
            await connection.SayAsync(Part(body[..sent], chunked));
            if (sent > 0) await gate.WaitAsync();
            await connection.SayAsync(Part(body[sent..], chunked) + (chunked ? "0\r\n\r\n" : ""));
        });

        await using var leader = await WireClient.ConnectAsync(rig.Url);
        await leader.SendAsync(WireClient.Request(rig.Url, path));
        await gate.ReachedAsync(1);
        var waitersBefore = await rig.MetricAsync("cacheproxy_fill_waiters");
        var followers = Enumerable.Range(0, 20).Select(_ => rig.GetAsync(path)).ToArray();
        if (sent > 0) await leader.ReadHeadAndAsync(sent);
        await Poll.UntilAsync(async () => await rig.MetricAsync("cacheproxy_fill_waiters") >= waitersBefore + followers.Length, Limit, () => "The followers did not join");
        leader.Abort();
        gate.Open();

        foreach (var reply in await Task.WhenAll(followers))
        {
            Assert.True(reply is { Status: 200, IsComplete: true }, reply.Head);
            Assert.Null(MarkedBody.Fault(path, reply.Text));
        }
        var later = await rig.GetAsync(path);
        Assert.Equal(("HIT", body), (later.Cache, later.Text));
        Assert.Equal(1, rig.Origin.Count(path));
    }

    [Fact]
    public async Task Everybody_LeavesACacheableFill_ItIsStored()
    {
        var path = ProxyRig.Path("ttl");
        var gate = new Gate();
        rig.Origin.On(path, async (_, connection) =>
        {
            await gate.WaitAsync();
            await connection.AnswerAsync(MarkedBody.Make(path, 1, 5_000));
        });

        var clients = await ProxyRig.AllAsync(5, async _ =>
        {
            var client = await WireClient.ConnectAsync(rig.Url);
            await client.SendAsync(WireClient.Request(rig.Url, path));
            return client;
        });
        await gate.ReachedAsync(1);
        foreach (var client in clients) client.Abort();
        gate.Open();

        await Poll.UntilAsync(async () => (await rig.GetAsync(path)).Cache == "HIT", Limit, () => "The fill that everybody left was not stored");
        Assert.Equal(1, rig.Origin.Count(path));
    }

    [Fact]
    public async Task Everybody_LeavesAFillThatHangs_ItEndsWithinItsLimit()
    {
        var path = ProxyRig.Path("ttl");
        var hung = new TaskCompletionSource();
        rig.Origin.On(path, async (request, connection) =>
        {
            if (request.Number > 1)
            {
                await connection.AnswerAsync("again");
                return;
            }
            await connection.SayAsync(OriginConnection.Head(Length) + "begun");
            hung.SetResult();
            // The proxy hangs up: that is what is tested. Until then nothing comes.
            await new TaskCompletionSource().Task.WaitAsync(TimeSpan.FromSeconds(30));
        });

        await using (var client = await WireClient.ConnectAsync(rig.Url))
        {
            await client.SendAsync(WireClient.Request(rig.Url, path));
            await hung.Task.WaitAsync(Limit);
            client.Abort();
        }

        await Poll.UntilAsync(async () => await rig.MetricAsync("cacheproxy_fills_in_flight") == 0, Limit, () => "The fill did not end");
        var next = await rig.GetAsync(path);
        Assert.Equal((200, "again"), (next.Status, next.Text));
    }

    [Fact]
    public async Task OnlyClient_LeavesAnUncacheableStream_TheOriginIsLetGo()
    {
        var path = ProxyRig.Path("ttl");
        var ended = new TaskCompletionSource();
        rig.Origin.On(path, async (_, connection) =>
        {
            await connection.SayAsync(OriginConnection.ChunkedHead("Cache-Control: no-store"));
            try
            {
                while (true) await connection.SayAsync(OriginConnection.Chunk(new string('x', 8_000)));
            }
            catch (IOException)
            {
                ended.SetResult();
                throw;
            }
        });

        await using var client = await WireClient.ConnectAsync(rig.Url);
        await client.SendAsync(WireClient.Request(rig.Url, path));
        await client.ReadHeadAndAsync(100_000);
        client.Abort();

        await ended.Task.WaitAsync(Limit);
    }

    private static string Part(string text, bool chunked) => !chunked ? text : text.Length == 0 ? "" : OriginConnection.Chunk(text);

    /// <summary>With a short time for fills that nobody waits for.</summary>
    public sealed class Rig : ProxyRig
    {
        protected override IReadOnlyDictionary<string, string?> Settings { get; } = new Dictionary<string, string?> { ["Limits__UnattendedFill"] = "2s" };
    }
}
