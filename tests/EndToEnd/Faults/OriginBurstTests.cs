using System.Globalization;
using EndToEnd.Wire;
using Processes;

namespace EndToEnd.Faults;

/// <summary>Origins that fail now and then, are slower than what they say is good for, trickle, or never come to the point (RELIABILITY 3, O6, O7, O9, O10).</summary>
public sealed class OriginBurstTests(OriginBurstTests.Rig rig) : IClassFixture<OriginBurstTests.Rig>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Origin_FailsHalfTheTime_NobodySeesItWhereStaleIsAllowedAndNoErrorIsStored()
    {
        var kept = ProxyRig.Path("stale");
        rig.Origin.On(kept, static (request, connection) => request.Number % 2 == 0 ? connection.AnswerAsync("bad", status: "503 Busy") : connection.AnswerAsync("good"));
        await rig.GetAsync(kept);

        // Long enough for it to become stale, and for both kinds of answer to it.
        await Poll.UntilAsync(
            async () =>
            {
                var reply = await rig.GetAsync(kept);
                Assert.Equal((200, "good"), (reply.Status, reply.Text));
                return rig.Origin.Count(kept) >= 8;
            },
            Limit, static () => "It was never refreshed");

        // Where nothing is stored it is passed on, and stored no more than before.
        var failing = ProxyRig.Path("ttl");
        rig.Origin.On(failing, (request, connection) => connection.AnswerAsync(request.Number % 2 == 1 ? "bad" : "good", status: request.Number % 2 == 1 ? "503 Busy" : "200 OK"));
        foreach (var expected in new[] { (503, "bad"), (200, "good"), (200, "good") })
            Assert.Equal(expected, (await rig.GetAsync(failing)) is var reply ? (reply.Status, reply.Text) : default);
    }

    [Fact]
    public async Task Origin_SlowerThanItsTtl_IsAskedByClientsAloneAndNeverInALoop()
    {
        var path = ProxyRig.Path("swr");
        rig.Origin.On(path, async (request, connection) =>
        {
            // Slower than the 300 ms for which it is good: how long it takes is what is tested, on the clock of another process.
            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
            await connection.AnswerAsync("good", "Age: 5");
        });
        var asked = 0;
        for (; asked < 12; asked++)
        {
            var reply = await rig.GetAsync(path);
            Assert.Equal((200, "good"), (reply.Status, reply.Text));
            Assert.True(int.Parse(reply["Age"] ?? "0", CultureInfo.InvariantCulture) >= 0);
        }
        Assert.InRange(rig.Origin.Count(path), 1, asked);
    }

    [Fact]
    public async Task Interim_WithoutEnd_IsGivenUpAndStoredNowhere()
    {
        var path = ProxyRig.Path("slow");
        var ended = new TaskCompletionSource();
        rig.Origin.On(path, async (request, connection) =>
        {
            if (request.Number > 1)
            {
                await connection.AnswerAsync("right");
                return;
            }
            try
            {
                while (true) await connection.SayAsync("HTTP/1.1 102 Processing\r\nX-Filling: " + new string('x', 1_000) + "\r\n\r\n");
            }
            catch (IOException)
            {
                ended.SetResult();
                throw;
            }
        });

        var flooded = await rig.GetAsync(path);
        Assert.True(flooded.Status is 502 or 504, flooded.Head);
        Assert.Equal((200, "right"), ((await rig.GetAsync(path)) is var next ? (next.Status, next.Text) : default));
        await ended.Task.WaitAsync(Limit);
    }

    [Fact]
    public async Task Body_ThatTrickles_ReachesAllAsItComesAndHoldsOtherKeysUpNotAtAll()
    {
        var path = ProxyRig.Path("slow");
        var gate = new Gate();
        rig.Origin.On(path, async (_, connection) =>
        {
            await connection.SayAsync(OriginConnection.ChunkedHead("Cache-Control: no-store"));
            // Below the time-out between bytes each time; without end until everybody has seen some.
            for (var i = 0; gate.Arrived < 3; i++)
            {
                await connection.SayAsync(OriginConnection.Chunk("x"));
                // A body that trickles is what is tested; it ends by the gate, not by time.
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }
            await connection.SayAsync("0\r\n\r\n");
        });
        var readers = ProxyRig.AllAsync(3, async _ =>
        {
            await using var client = await WireClient.ConnectAsync(rig.Url);
            await client.SendAsync(WireClient.Request(rig.Url, path));
            await client.ReadHeadAndAsync(2);
            var arrived = gate.WaitAsync();
            var other = ProxyRig.Path("slow");
            Assert.Equal($"{other} 1", (await rig.GetAsync(other)).Text);
            await arrived;
            return 0;
        });
        await gate.ReachedAsync(3);
        gate.Open();
        await readers;
    }

    public sealed class Rig : ProxyRig;
}
