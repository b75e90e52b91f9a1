using EndToEnd.Wire;

namespace EndToEnd.Attacks;

/// <summary>
/// Poisoning by what is not in the key (RELIABILITY A1 to A6, A9, A18, A19, A21): an attacker asks first with something extra, a victim then
/// asks cleanly, and must have exactly what the origin itself would have said to it.
/// </summary>
public sealed class UnkeyedInputTests(UnkeyedInputTests.Rig rig) : IClassFixture<UnkeyedInputTests.Rig>
{
    private static readonly string[] s_names =
    [
        "X-Forwarded-Host", "X-Forwarded-Scheme", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-Proto", "X-Forwarded-Server", "X-Forwarded-For", "X-Forwarded-Ssl", "X-Forwarded-Path",
        "X-Host", "X-Original-Host", "X-Original-URL", "X-Rewrite-URL", "X-Original-URI", "X-HTTP-Host-Override", "Forwarded", "X-Real-IP", "True-Client-IP", "Client-IP", "X-Client-IP",
        "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Wap-Profile", "Front-End-Https", "X-URL-Scheme", "X-Requested-With", "X-ProxyUser-Ip",
        "Accept-Language", "Accept-Charset", "Accept-Encoding", "User-Agent", "Referer", "DNT", "Save-Data", "Upgrade-Insecure-Requests", "From", "Max-Forwards", "Via", "Warning",
        "Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Cache-Control", "Pragma", "TE", "Prefer", "X-Custom", "X-Debug", "X-Content-Length",
        "Content-Type", "Content-Encoding", "Content-Language", "Content-Disposition", "baggage", "tracestate", "Sec-Fetch-Site", "X-Amz-Website-Redirect-Location", "Proxy-Authorization", "Via2",
    ];

    private static readonly string[] s_values = ["evil.example", "/admin", "bytes=0-1"];

    [Theory]
    [InlineData("ttl")]
    [InlineData("item")]
    [InlineData("named")]
    public async Task Header_OfAnAttacker_NeverChangesWhatAVictimGets(string route)
    {
        var pairs = 0;
        await Parallel.ForEachAsync(s_names.SelectMany(static _ => s_values, static (name, value) => (name, value)), new ParallelOptions { MaxDegreeOfParallelism = 6 }, async (attack, _) =>
        {
            var path = ProxyRig.Path(route);
            await using var client = await WireClient.ConnectAsync(rig.Url);
            await client.SendAndReadAsync(rig.Url, path, $"{attack.name}: {attack.value}");
            var victim = await rig.GetAsync(path);
            Assert.True((victim.Status, victim.Text) == (200, EchoOrigin.CleanBodyFor(path)), $"{attack.name}: {attack.value} on {path}: {victim.Head}");
            Assert.Equal(victim.Text, (await rig.GetAsync(path)).Text);
            Interlocked.Increment(ref pairs);
        });
        Assert.Equal(s_names.Length * s_values.Length, pairs);
    }

    /// <summary>Under the origin's own lifetimes a header without <c>Vary</c> is the origin's word, but these are not the client's to send.</summary>
    [Fact]
    public async Task Header_ThatOverridesHostPathOrMethod_DoesNotReachTheOriginUnderItsOwnLifetimes()
    {
        string[] overriding =
        [
            "X-Forwarded-Host", "X-Forwarded-Scheme", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Host", "X-Original-URL", "X-Rewrite-URL", "Forwarded",
            "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Content-Length",
        ];
        foreach (var name in overriding)
        {
            var path = ProxyRig.Path("origin");
            await rig.GetAsync(path, $"{name}: evil.example");
            var seen = Assert.Single(rig.Origin.Seen(path));
            Assert.DoesNotContain("evil.example", seen.Head, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Host_OfAnAttacker_IsAnotherEntryOrRefused()
    {
        string[] hosts =
        [
            "evil.example", "EVIL.example", "evil.example:80", "evil.example:8080", "127.0.0.1", "localhost", "[::1]", "[::1]:80", "a_b.test", "x.test.", "", " ", "a b", "a/b", "a?b", "a#b", "a@b",
            "a:b", "a:99999", "a:-1", "a:80:80", "[::1", "::1", "a\tb", "a,b", "a;b", "a\"b", "a'b", "a<b", "a%00b", "..", "a..b", ".a", "a\\b", "http://a", "a:", "*", "-", "xn--a", "[v1.x]",
        ];
        foreach (var host in hosts)
        {
            var path = ProxyRig.Path("ttl");
            await using (var attacker = await WireClient.ConnectAsync(rig.Url))
            {
                await attacker.SendAsync($"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
                var reply = await attacker.ReadAsync();
                Assert.True(reply.Status is 200 or 400, $"'{host}': {reply.Head}");
                Assert.All(rig.Origin.Seen(path), static seen => Assert.DoesNotContain("evil", seen.Head, StringComparison.OrdinalIgnoreCase));
            }
            Assert.Equal(EchoOrigin.CleanBodyFor(path), (await rig.GetAsync(path)).Text);
        }
    }

    [Theory]
    [InlineData("ttl")]
    [InlineData("named")]
    [InlineData("origin")]
    public async Task FatGet_OfAnAttacker_IsNeitherStoredNorServedFromStore(string route)
    {
        foreach (var framing in new[] { "Content-Length: 7\r\n\r\nid=evil", "Transfer-Encoding: chunked\r\n\r\n7\r\nid=evil\r\n0\r\n\r\n" })
        {
            var path = ProxyRig.Path(route);
            await using (var attacker = await WireClient.ConnectAsync(rig.Url))
            {
                await attacker.SendAsync($"GET {path} HTTP/1.1\r\nHost: {rig.Url.Authority}\r\n{framing}");
                Assert.Equal("BYPASS", (await attacker.ReadAsync()).Cache);
            }
            var victim = await rig.GetAsync(path);
            Assert.Equal("MISS", victim.Cache);
            Assert.DoesNotContain("evil", rig.Origin.Seen(path)[^1].Text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("GET", "X-Large", 20_000)]
    [InlineData("GET", "X-Large", 40_000)]
    [InlineData("get", "X", 1)]
    [InlineData("GETT", "X", 1)]
    [InlineData("DELETE", "X", 1)]
    [InlineData("POST", "X", 1)]
    [InlineData("OPTIONS", "X", 1)]
    [InlineData("TRACE", "X", 1)]
    public async Task ErrorOfAnAttacker_OversizedOrOddRequest_IsNotWhatTheVictimGets(string method, string name, int length)
    {
        foreach (var route in new[] { "ttl", "named" })
        {
            var path = ProxyRig.Path(route);
            rig.Origin.On(path, static (request, connection) => request.Method != "GET" || request.Head.Length > 8_000
                ? connection.AnswerAsync("refused", status: "400 Bad Request")
                : EchoOrigin.AnswerAsync(request, connection));
            await WireClient.AskAsync(rig.Url, path, $"{name}: {new string('x', length)}", method);
            var victim = await rig.GetAsync(path);
            Assert.Equal((200, EchoOrigin.CleanBodyFor(path)), (victim.Status, victim.Text));
        }
    }

    public sealed class Rig : ProxyRig
    {
        public override Task InitializeAsync()
        {
            Origin.On("/", EchoOrigin.AnswerAsync);
            return base.InitializeAsync();
        }
    }
}
