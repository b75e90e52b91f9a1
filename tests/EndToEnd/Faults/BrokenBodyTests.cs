using EndToEnd.Wire;

namespace EndToEnd.Faults;

/// <summary>
/// What the origin cuts short is cut short for the client too, and never stored (RELIABILITY F1, O4 to O6): each way of breaking, under each
/// kind of lifetime, long enough to stream and short enough to be sent whole.
/// </summary>
public sealed class BrokenBodyTests(BrokenBodyTests.Rig rig) : IClassFixture<BrokenBodyTests.Rig>
{
    private const string Fresh = "Cache-Control: max-age=60";

    [Theory]
    [CombinatorialData("ttl", "origin", "slow", "plain")]
    public async Task Body_EndsBeforeItsEnd_ConnectionBreaksAndNothingIsStored(string route, string way, int length)
    {
        var path = ProxyRig.Path(route);
        var body = MarkedBody.Make(path, 1, length);
        var part = body[..(length / 2)];
        rig.Origin.On(path, async (request, connection) =>
        {
            if (request.Number > 1)
            {
                await connection.AnswerAsync(body, Fresh);
                return;
            }
            await connection.SayAsync(way.StartsWith("chunked", StringComparison.Ordinal)
                ? OriginConnection.ChunkedHead(Fresh) + OriginConnection.Chunk(part)
                : OriginConnection.Head(length, Fresh) + part);
            if (way == "chunked, within a chunk") await connection.SayAsync("ffff\r\nonly so much");
            if (way == "chunked, no last chunk's end") await connection.SayAsync("0\r\n");
            if (way.EndsWith("reset", StringComparison.Ordinal)) connection.Reset();
            else connection.Close();
        });

        var broken = await rig.GetAsync(path);
        Assert.False(broken.IsComplete, $"{way}: {broken.Head}");
        Assert.True(broken.Status is 0 or 200 or 502, broken.Head);

        var next = await rig.GetAsync(path);
        Assert.Equal((200, true, body), (next.Status, next.IsComplete, next.Text));
        Assert.Equal(2, rig.Origin.Count(path));
    }

    [Fact]
    public async Task Body_LongerThanItsContentLength_RestIsDroppedAndTheConnectionNotUsedAgain()
    {
        var path = ProxyRig.Path("ttl");
        rig.Origin.On(path, async (request, connection) => await connection.SayAsync(
            OriginConnection.Head(5) + "right" + "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong"));

        var first = await rig.GetAsync(path);
        Assert.Equal((200, "right"), (first.Status, first.Text));
        for (var i = 0; i < 5; i++)
        {
            var other = ProxyRig.Path("ttl");
            Assert.Equal($"{other} 1", (await rig.GetAsync(other)).Text);
        }
    }

    [Fact]
    public async Task Body_StopsForLongerThanTheActivityTimeout_ConnectionBreaksAndTheKeyIsFree()
    {
        var path = ProxyRig.Path("slow");
        var gate = new Gate();
        rig.Origin.On(path, async (request, connection) =>
        {
            if (request.Number == 1)
            {
                await connection.SayAsync(OriginConnection.Head(200_000) + new string('x', 100_000));
                await gate.WaitAsync();
            }
            await connection.AnswerAsync("whole");
        });

        var broken = await rig.GetAsync(path);
        Assert.False(broken.IsComplete);
        Assert.Equal("whole", (await rig.GetAsync(path)).Text);
        gate.Open();
    }

    [Fact]
    public async Task Followers_OriginCutsTheBody_AllBreakAndNoneTakesItForWhole()
    {
        var path = ProxyRig.Path("ttl");
        var gate = new Gate();
        rig.Origin.On(path, async (request, connection) =>
        {
            await connection.SayAsync(OriginConnection.ChunkedHead() + OriginConnection.Chunk(new string('x', 50_000)));
            await gate.WaitAsync();
            connection.Close();
        });

        var replies = Enumerable.Range(0, 10).Select(_ => rig.GetAsync(path)).ToArray();
        await gate.ReachedAsync(1);
        gate.Open();

        Assert.All(await Task.WhenAll(replies), static reply => Assert.False(reply.IsComplete));
    }

    public sealed class Rig : ProxyRig;

    /// <summary>Every way of breaking with both lengths, on the given routes.</summary>
    private sealed class CombinatorialDataAttribute(params string[] routes) : Xunit.Sdk.DataAttribute
    {
        private static readonly string[] s_ways =
        [
            "length, closed", "length, reset", "chunked, closed", "chunked, reset", "chunked, within a chunk", "chunked, no last chunk's end",
        ];

        public override IEnumerable<object[]> GetData(System.Reflection.MethodInfo testMethod) =>
            from route in routes from way in s_ways from length in new[] { 2_000, 150_000 } select new object[] { route, way, length };
    }
}
