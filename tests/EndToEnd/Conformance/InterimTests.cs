using EndToEnd.Wire;

namespace EndToEnd.Conformance;

/// <summary>RFC 9110 §15.2, on the wire: interim responses reach an HTTP/1.1 client before the final one, and are stored nowhere.</summary>
public sealed class InterimTests(ProxyRig rig) : IClassFixture<ProxyRig>
{
    private const string Hints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n";

    [Fact]
    public async Task EarlyHints_ComeBeforeTheFinalResponseAndAreNotStored()
    {
        // Twice: the first on a new connection to the origin, the second on one that is used again.
        for (var round = 0; round < 2; round++)
        {
            var path = ProxyRig.Path("origin");
            var gate = new Gate();
            rig.Origin.On(path, async (_, connection) =>
            {
                await connection.SayAsync(Hints);
                await gate.WaitAsync();
                await connection.AnswerAsync("final", "Cache-Control: max-age=60");
            });

            await using var client = await WireClient.ConnectAsync(rig.Url);
            await client.SendAsync(WireClient.Request(rig.Url, path));
            var interim = await client.ReadHeadAndAsync(0);
            gate.Open();
            var final = await client.ReadAsync("GET");
            var hit = await client.SendAndReadAsync(rig.Url, path);

            Assert.StartsWith("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload", interim, StringComparison.Ordinal);
            Assert.Equal((200, "final", null), (final.Status, final.Text, final["Link"]));
            Assert.Equal((200, "HIT", null), (hit.Status, hit["X-Cache"], hit["Link"]));
        }
    }

    [Fact]
    public async Task EarlyHints_AreNotSentToAnHttp10Client()
    {
        var path = ProxyRig.Path("origin");
        rig.Origin.On(path, async (_, connection) =>
        {
            await connection.SayAsync(Hints);
            await connection.AnswerAsync("final", "Cache-Control: max-age=60");
        });

        await using var client = await WireClient.ConnectAsync(rig.Url);
        await client.SendAsync($"GET {path} HTTP/1.0\r\nHost: {rig.Url.Authority}\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200", await client.ReadHeadAndAsync(0), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_ThatLooksLikeEarlyHints_IsABody()
    {
        var path = ProxyRig.Path("origin");
        var gate = new Gate();
        rig.Origin.On(path, async (_, connection) =>
        {
            await connection.SayAsync(OriginConnection.Head(Hints.Length, "Cache-Control: max-age=60"));
            await gate.WaitAsync();
            await connection.SayAsync(Hints);
        });

        var asked = rig.GetAsync(path);
        await gate.ReachedAsync(1);
        gate.Open();

        Assert.Equal((200, Hints), ((await asked).Status, (await asked).Text));
    }

    [Fact]
    public async Task ObsoleteText_InFields_PassesAsItIs()
    {
        var path = ProxyRig.Path("origin");
        rig.Origin.On(path, async (request, connection) => await connection.AnswerAsync("x", "Cache-Control: max-age=60\r\nETag: \"\xe4\""));

        var miss = await rig.GetAsync(path, "X-Name: \xfc");
        var hit = await rig.GetAsync(path);

        Assert.Equal(("\"\xe4\"", "\"\xe4\"", "HIT"), (miss["ETag"], hit["ETag"], hit["X-Cache"]));
    }
}
