using EndToEnd.Wire;

namespace EndToEnd.Cases;

/// <summary>Methods (CASES 8, 17, 18): what a refused, foreign, broken or upgrading request does to what is stored.</summary>
public sealed class MethodTests(MethodTests.Rig rig) : IClassFixture<MethodTests.Rig>
{
    private const string Fresh = "Cache-Control: max-age=60";

    [Theory]
    [InlineData("POST", "405 Method Not Allowed", false)]
    [InlineData("POST", "401 Unauthorized", false)]
    [InlineData("PUT", "500 Bad", false)]
    [InlineData("DELETE", "404 Not Found", false)]
    [InlineData("POST", "200 OK", true)]
    [InlineData("PUT", "204 No Content", true)]
    [InlineData("DELETE", "303 See Other", true)]
    [InlineData("FOO", "200 OK", true)]
    public async Task UnsafeRequest_Answered_PurgesOnlyOnSuccess(string method, string status, bool purges)
    {
        foreach (var route in new[] { "origin", "ttl" })
        {
            var path = ProxyRig.Path(route);
            rig.Origin.On(path, (request, connection) => request.Method == "GET"
                ? connection.AnswerAsync("v", Fresh)
                : connection.SayAsync($"HTTP/1.1 {status}\r\n{(status[..3] == "204" ? "" : "Content-Length: 0\r\n")}\r\n"));
            await rig.GetAsync(path);
            Assert.Equal("HIT", (await rig.GetAsync(path)).Cache);

            await WireClient.AskAsync(rig.Url, path, "Content-Length: 0", method);

            Assert.Equal(purges ? "MISS" : "HIT", (await rig.GetAsync(path)).Cache);
        }
    }

    [Fact]
    public async Task UnsafeRequest_NamingOtherTargets_PurgesThoseOfItsOwnOriginOnly()
    {
        var (x, y, foreign) = (ProxyRig.Path("origin"), ProxyRig.Path("origin"), ProxyRig.Path("origin"));
        rig.Origin.On("/origin/", (request, connection) => request.Method == "GET"
            ? connection.AnswerAsync("v", Fresh)
            : connection.AnswerAsync("", $"Location: {y}\r\nContent-Location: https://other.test{foreign}", "201 Created"));
        foreach (var path in new[] { x, y, foreign }) await rig.GetAsync(path);

        await WireClient.AskAsync(rig.Url, x, "Content-Length: 0", "POST");

        Assert.Equal(["MISS", "MISS", "HIT"], [(await rig.GetAsync(x)).Cache!, (await rig.GetAsync(y)).Cache!, (await rig.GetAsync(foreign)).Cache!]);
    }

    [Fact]
    public async Task UnsafeRequest_WhoseConnectionTheOriginBreaks_Ends()
    {
        var path = ProxyRig.Path("origin");
        rig.Origin.On(path, (request, connection) =>
        {
            if (request.Method == "GET") return connection.AnswerAsync("v", Fresh);
            connection.Reset();
            return Task.CompletedTask;
        });
        await rig.GetAsync(path);

        Assert.Equal(502, (await WireClient.AskAsync(rig.Url, path, "Content-Length: 0", "POST")).Status);
        Assert.Equal("v", (await rig.GetAsync(path)).Text);
    }

    [Fact]
    public async Task Upgrade_OfACachedTarget_ReachesTheOriginAndLeavesThePageStored()
    {
        var path = ProxyRig.Path("origin");
        rig.Origin.On(path, async (request, connection) =>
        {
            if (request["Upgrade"] is null)
            {
                await connection.AnswerAsync("page", Fresh);
                return;
            }
            await connection.SayAsync("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nhello");
            connection.Close();
        });
        await rig.GetAsync(path);

        await using var client = await WireClient.ConnectAsync(rig.Url);
        await client.SendAsync(WireClient.Request(
            rig.Url, path, "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="));
        Assert.StartsWith("HTTP/1.1 101", await client.ReadHeadAndAsync(5), StringComparison.Ordinal);

        var after = await rig.GetAsync(path);
        Assert.Equal(("page", "HIT", null), (after.Text, after.Cache, after["Sec-WebSocket-Accept"]));
    }

    [Fact]
    public async Task Expect_OfAKeyedPost_IsToldToGoOnAtOnceMissOrHit()
    {
        var path = ProxyRig.Path("json");
        foreach (var expected in new[] { "MISS", "HIT" })
        {
            await using var client = await WireClient.ConnectAsync(rig.Url);
            await client.SendAsync($"POST {path} HTTP/1.1\r\nHost: {rig.Url.Authority}\r\nContent-Type: application/json\r\nContent-Length: 8\r\nExpect: 100-continue\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 100", await client.ReadHeadAndAsync(0), StringComparison.Ordinal);
            await client.SendAsync("""{"id":1}""");
            Assert.Equal((200, expected), (await client.ReadAsync()) is var reply ? (reply.Status, reply.Cache) : default);
        }
    }

    /// <summary>What is half sent asks nobody (RELIABILITY 3, C4).</summary>
    [Fact]
    public async Task Request_LeftHalfSent_AsksNobodyAndHoldsNothing()
    {
        var path = ProxyRig.Path("json");
        foreach (var part in new[] { $"POST {path} HT", $"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n{{\"id\"", $"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{{\"" })
        {
            await using var client = await WireClient.ConnectAsync(rig.Url);
            await client.SendAsync(part);
            client.Abort();
        }
        var whole = await WireClient.AskAsync(rig.Url, path, "Content-Type: application/json", "POST", """{"id":1}""");
        Assert.Equal((200, 1), (whole.Status, rig.Origin.Count(path)));
    }

    public sealed class Rig : ProxyRig;
}
