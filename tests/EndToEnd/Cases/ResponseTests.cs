using System.Globalization;
using EndToEnd.Wire;

namespace EndToEnd.Cases;

/// <summary>Answers that other proxies stumbled over (CASES 1, 2, 11, 13, 14, 15, 16, 27).</summary>
public sealed class ResponseTests(ResponseTests.Rig rig) : IClassFixture<ResponseTests.Rig>
{
    private const string Fresh = "Cache-Control: max-age=60";

    [Theory]
    [InlineData("Accept-Encoding: gzip\r\nAccept-Encoding: br", "Accept-Encoding: gzip")]
    [InlineData("Accept-Encoding: br,gzip,xxx,jdcqiab", "Accept-Encoding: gzip")]
    [InlineData("Accept-Encoding: br", "Accept-Encoding: gzip")]
    [InlineData("Accept-Encoding: br", "Accept-Encoding: br;q=0, gzip")]
    [InlineData("Accept-Encoding: br", "")]
    public async Task Coding_OfAnotherClient_IsNeverServedToOneThatDoesNotTakeIt(string first, string second)
    {
        foreach (var route in new[] { "origin", "ttl" })
        {
            var path = ProxyRig.Path(route);
            rig.Origin.On(path, static (request, connection) =>
            {
                var accepted = request["Accept-Encoding"] ?? "";
                var coding = accepted.Contains("br", StringComparison.Ordinal) && !accepted.Contains("br;q=0", StringComparison.Ordinal) ? "br" : accepted.Contains("gzip", StringComparison.Ordinal) ? "gzip" : "";
                return connection.AnswerAsync($"<{coding}>", $"{Fresh}\r\nVary: Accept-Encoding{(coding.Length > 0 ? $"\r\nContent-Encoding: {coding}" : "")}");
            });
            await rig.GetAsync(path, first);
            var reply = await rig.GetAsync(path, second);
            Assert.True(reply["Content-Encoding"] != "br", $"{route}: {reply.Head}");
        }
    }

    [Fact]
    public async Task Vary_OnTwoLinesInAnyCase_NamesBothFields()
    {
        var path = ProxyRig.Path("origin");
        rig.Origin.On(path, static (request, connection) => connection.AnswerAsync(request["X-Tenant"] ?? "none", $"{Fresh}\r\nVary: Accept-Encoding\r\nvary: X-TENANT"));
        var bodies = new List<string>();
        foreach (var fields in new[] { "X-Tenant: A", "X-Tenant: B", "X-Tenant: A", "X-Tenant: B", "x-tenant: A", "" }) bodies.Add((await rig.GetAsync(path, fields)).Text);
        Assert.Equal(["A", "B", "A", "B", "A", "none"], bodies);
        Assert.Equal(3, rig.Origin.Count(path));
    }

    [Fact]
    public async Task Target_VeryLong_IsAnEntryOfItsOwn()
    {
        var path = ProxyRig.Path("ttl");
        var query = new string('q', 7_000);
        var many = string.Join('&', Enumerable.Range(0, 200).Select(static i => string.Create(CultureInfo.InvariantCulture, $"p{i}={i}")));
        var faces = string.Concat(Enumerable.Repeat("%F0%9F%98%80", 250));
        foreach (var target in new[] { $"{path}?{query}1", $"{path}?{query}2", $"{path}?{many}", $"{path}/{faces}" })
        {
            var first = await rig.GetAsync(target);
            var second = await rig.GetAsync(target);
            Assert.Equal(("MISS", "HIT", $"{target} 1"), (first.Cache, second.Cache, second.Text));
        }
        Assert.True((await rig.GetAsync($"{path}?{new string('q', 9_000)}")).Status is 414 or 431);
    }

    [Theory]
    [InlineData("HTTP/1.1 204 No Content\r\nContent-Length: 11\r\nCache-Control: max-age=60\r\n\r\n", 204)]
    [InlineData("HTTP/1.1 204 No Content\r\nCache-Control: max-age=60\r\n\r\n", 204)]
    [InlineData("HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\nCache-Control: max-age=60\r\n\r\n", 205)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nCache-Control: max-age=60\r\n\r\n", 200)]
    public async Task Answer_WithoutContent_IsTheSameEachTimeAndTheConnectionGoesOn(string head, int status)
    {
        foreach (var route in new[] { "origin", "ttl" })
        {
            var path = ProxyRig.Path(route);
            rig.Origin.On(path, (_, connection) => connection.SayAsync(head));
            await using var client = await WireClient.ConnectAsync(rig.Url);
            for (var i = 0; i < 3; i++)
            {
                var reply = await client.SendAndReadAsync(rig.Url, path);
                Assert.Equal((status, 0), (reply.Status, reply.Body.Length));
            }
        }
    }

    [Fact]
    public async Task HopByHopFields_OfTheOrigin_ReachNeitherClientNorStore()
    {
        foreach (var route in new[] { "origin", "ttl", "plain" })
        {
            var path = ProxyRig.Path(route);
            rig.Origin.On(path, static (_, connection) => connection.AnswerAsync(
                "v", $"{Fresh}\r\nConnection: X-Secret, keep-alive\r\nX-Secret: 1\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: Basic\r\nProxy-Authentication-Info: x\r\nUpgrade: h2c\r\nTrailer: X-T\r\nTE: trailers\r\nX-Kept: 1"));
            for (var i = 0; i < 2; i++)
            {
                var reply = await rig.GetAsync(path);
                // Where nothing is cached trailers themselves go through, and so does their announcement (RFC 9110 §6.6.2).
                string[] hops = ["X-Secret", "Keep-Alive", "Proxy-Authentication-Info", "Upgrade", "TE", .. route == "plain" ? Array.Empty<string>() : ["Trailer"]];
                Assert.True(!hops.Any(name => reply[name] is not null), $"{route} {i}: {reply.Head}");
                Assert.Equal("1", reply["X-Kept"]);
            }
        }
    }

    [Fact]
    public async Task Interim_BeforeTheAnswer_IsNeitherStoredNorMerged()
    {
        foreach (var interim in new[] { "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </b.css>; rel=preload\r\n\r\n", string.Concat(Enumerable.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 50)) })
        {
            var path = ProxyRig.Path("origin");
            rig.Origin.On(path, (_, connection) => connection.SayAsync(interim + OriginConnection.Head(1, Fresh) + "v"));
            foreach (var expected in new[] { "MISS", "HIT" })
            {
                var reply = await rig.GetAsync(path);
                Assert.Equal((200, "v", expected, null), (reply.Status, reply.Text, reply.Cache, reply["Link"]));
            }
        }
    }

    [Theory]
    [InlineData(2_147_483_648)]
    [InlineData(4_294_967_297)]
    public async Task Length_BeyondThirtyTwoBits_IsOnTheWireAsItIs(long length)
    {
        var path = ProxyRig.Path("small");
        rig.Origin.On(path, async (_, connection) =>
        {
            await connection.SayAsync(OriginConnection.Head(length));
            var block = new byte[1 << 20];
            while (true) await connection.SayAsync(block);
        });
        await using var client = await WireClient.ConnectAsync(rig.Url);
        await client.SendAsync(WireClient.Request(rig.Url, path));
        var head = await client.ReadHeadAndAsync(8 << 20);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"Content-Length: {length}\r\n"), head + "\r\n", StringComparison.Ordinal);
        Assert.DoesNotContain("-", new string([.. head.Split("\r\n").Where(static line => line.StartsWith("Content-Length", StringComparison.Ordinal)).SelectMany(static line => line[15..])]), StringComparison.Ordinal);
        client.Abort();
    }

    [Fact]
    public async Task Body_WithoutEnd_StreamsToAllWhoAskAndIsNotStored()
    {
        var path = ProxyRig.Path("small");
        rig.Origin.On(path, async (_, connection) =>
        {
            await connection.SayAsync(OriginConnection.ChunkedHead());
            while (true) await connection.SayAsync(OriginConnection.Chunk(new string('x', 8_000)));
        });
        await ProxyRig.AllAsync(20, async _ =>
        {
            await using var client = await WireClient.ConnectAsync(rig.Url);
            await client.SendAsync(WireClient.Request(rig.Url, path));
            var head = await client.ReadHeadAndAsync(400_000);
            Assert.Contains("200 OK", head, StringComparison.Ordinal);
            client.Abort();
            return 0;
        });
        await Processes.Poll.UntilAsync(() => rig.Origin.OpenConnections <= 4, TimeSpan.FromSeconds(20), () => $"{rig.Origin.OpenConnections} streams go on");
    }

    public sealed class Rig : ProxyRig;
}
