using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using EndToEnd.Wire;
using Processes;

namespace EndToEnd.Attacks;

/// <summary>Clients and origins that want our memory, our connections or our time (RELIABILITY A17, A18, A23 to A25, C3; CASES 10).</summary>
public sealed class ExhaustionTests(ExhaustionTests.Rig rig) : IClassFixture<ExhaustionTests.Rig>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Variants_MoreThanTheirBound_AreForgottenAndAnsweredRight()
    {
        var path = ProxyRig.Path("origin");
        rig.Origin.On(path, static (request, connection) => connection.AnswerAsync(request["X-Flavour"] ?? "", "Cache-Control: max-age=60\r\nVary: X-Flavour"));
        var before = await rig.MetricAsync("cacheproxy_memory_entries");
        await using (var client = await WireClient.ConnectAsync(rig.Url))
            for (var i = 0; i < 500; i++)
                Assert.Equal($"f{i}", (await client.SendAndReadAsync(rig.Url, path, string.Create(CultureInfo.InvariantCulture, $"X-Flavour: f{i}"))).Text);
        Assert.True(await rig.MetricAsync("cacheproxy_memory_entries") - before <= 64);
        Assert.Equal("f3", (await rig.GetAsync(path, "X-Flavour: f3")).Text);
    }

    [Fact]
    public async Task Series_UnderRandomTargetsMethodsAndHosts_StayTheSame()
    {
        await rig.GetAsync(ProxyRig.Path("ttl"));
        await WireClient.AskAsync(rig.Url, "/ttl/warm", "", "BREW");
        await WireClient.AskAsync(rig.Url, "/plain/warm");
        await WireClient.AskAsync(rig.Url, "/ttl/warm", "Content-Length: 0", "POST");
        var before = await SeriesAsync();
        await ProxyRig.AllAsync(4, async reader =>
        {
            await using var client = await WireClient.ConnectAsync(rig.Url);
            for (var i = 0; i < 250; i++)
            {
                await client.SendAsync($"{(i % 5 == 0 ? "BREW" : "GET")} /ttl/r{reader}-{i}?q={i} HTTP/1.1\r\nHost: h{i}.test\r\n\r\n");
                await client.ReadAsync();
            }
            return 0;
        });
        Assert.Equal(before, await SeriesAsync());
    }

    [Fact]
    public async Task Ranges_ManyOverlappingOrAbsurd_AreAnsweredWithinTheWhole()
    {
        var path = ProxyRig.Path("ttl");
        rig.Origin.On(path, static (_, connection) => connection.AnswerAsync(new string('x', 10_000)));
        await rig.GetAsync(path);
        foreach (var ranges in new[] { string.Join(',', Enumerable.Repeat("0-", 1_300)), "0-0", "0-0,-1", "9999999999999999999999-", "-0", "5-2", "x", "0-99999999999999999999", "-99999999999999999999" })
        {
            var reply = await rig.GetAsync(path, $"Range: bytes={ranges}");
            Assert.True(reply.Status is 200 or 206 or 416 && reply.IsComplete && reply.Body.Length <= 10_000, $"{ranges}: {reply.Head}");
        }
        Assert.Equal(1, rig.Origin.Count(path));
    }

    [Fact]
    public async Task Range_OnAMiss_NeverBecomesTheStoredAnswer()
    {
        foreach (var route in new[] { "ttl", "origin" })
        {
            var path = ProxyRig.Path(route);
            rig.Origin.On(path, static (request, connection) => request["Range"] is null
                ? connection.AnswerAsync("0123456789", "Cache-Control: max-age=60\r\nETag: \"a\"")
                : connection.AnswerAsync("01", "Cache-Control: max-age=60\r\nETag: \"a\"\r\nContent-Range: bytes 0-1/10", "206 Partial Content"));
            Assert.Equal((206, "01"), ((await rig.GetAsync(path, "Range: bytes=0-1")) is var part ? (part.Status, part.Text) : default));
            Assert.Equal((200, "0123456789"), ((await rig.GetAsync(path)) is var whole ? (whole.Status, whole.Text) : default));
        }
    }

    [Fact]
    public async Task Bomb_OfCompression_IsNeverInflated()
    {
        var path = ProxyRig.Path("ttl");
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            var block = new byte[1 << 20];
            for (var i = 0; i < 300; i++) await gzip.WriteAsync(block);
        }
        rig.Origin.On(path, async (_, connection) =>
        {
            await connection.SayAsync(OriginConnection.Head(packed.Length, "Content-Encoding: gzip\r\nVary: Accept-Encoding"));
            await connection.SayAsync(packed.ToArray());
        });
        var before = Resident();
        for (var i = 0; i < 3; i++)
        {
            var reply = await rig.GetAsync(path, "Accept-Encoding: gzip");
            Assert.Equal((200, "gzip", packed.Length), (reply.Status, reply["Content-Encoding"], reply.Body.Length));
        }
        Assert.True(Resident() - before < 64L << 20, $"{(Resident() - before) >> 20} MiB more");
    }

    [Fact]
    public async Task SlowClients_HeadsBodiesAndReaders_HoldNobodyElseUp()
    {
        var (hit, large) = (ProxyRig.Path("ttl"), ProxyRig.Path("ttl"));
        rig.Origin.On(large, static (_, connection) => connection.AnswerAsync(new string('x', 4 << 20)));
        await rig.GetAsync(hit);
        await rig.GetAsync(large);
        var before = Resident();
        var slow = await ProxyRig.AllAsync(300, async i =>
        {
            var client = await WireClient.ConnectAsync(rig.Url);
            await client.SendAsync((i % 3) switch
            {
                0 => $"GET {hit} HTTP/1.1\r\nHost: {rig.Url.Authority}\r\nX-Slow: ",
                1 => $"POST /json/slow HTTP/1.1\r\nHost: {rig.Url.Authority}\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{{\"id\":",
                // It reads nothing of four megabytes.
                _ => WireClient.Request(rig.Url, large),
            });
            return client;
        });

        var started = Stopwatch.GetTimestamp();
        await using (var client = await WireClient.ConnectAsync(rig.Url))
            for (var i = 0; i < 500; i++) Assert.Equal("HIT", (await client.SendAndReadAsync(rig.Url, hit)).Cache);
        Assert.True(Stopwatch.GetElapsedTime(started) < Limit);
        Assert.True(Resident() - before < 160L << 20, $"{(Resident() - before) >> 20} MiB more");
        Assert.Equal(0, rig.Origin.Count("/json/slow"));
        foreach (var client in slow) await client.DisposeAsync();
    }

    /// <summary>Streams that are reset as soon as they are opened cost the origin nothing for long, and others nothing.</summary>
    [Fact]
    public async Task Http2_StreamsResetAtOnce_LeaveNothingBehind()
    {
        await using var origin = new ScriptedOrigin();
        var port = BackendProcess.FreePort();
        var h2 = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        await using var proxy = await ProxyProcess.StartAsync(new ProxySettings
        {
            RoutesPath = RoutesText.Write(RoutesText.For(origin.Url)),
            Settings = new Dictionary<string, string?> { ["Http2Url"] = h2.ToString() },
        });
        using var attacker = new HttpClient { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var other = new HttpClient { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        for (var round = 0; round < 20; round++)
        {
            using var leaving = new CancellationTokenSource();
            var requests = Enumerable.Range(0, 100).Select(i => attacker.GetAsync(new Uri(h2, $"/plain/{round}-{i}"), leaving.Token)).ToArray();
            await leaving.CancelAsync();
            try
            {
                await Task.WhenAll(requests);
            }
            catch (Exception exception) when (exception is OperationCanceledException or HttpRequestException)
            {
                // That is the attack; and the server may close the connection on which it comes.
            }
        }

        using var after = await other.GetAsync(new Uri(h2, "/ttl/after"));
        Assert.Equal((HttpStatusCode.OK, "/ttl/after 1"), (after.StatusCode, await after.Content.ReadAsStringAsync()));
        await Poll.UntilAsync(async () => await ProxyRig.MetricAsync(proxy, "cacheproxy_fills_in_flight") == 0, Limit, static () => "Fills are left over");
    }

    [Fact]
    public async Task ForwardedProto_OfAStranger_IsNotBelievedAndMakesNoEntries()
    {
        var path = ProxyRig.Path("ttl");
        await rig.GetAsync(path);
        var before = await rig.MetricAsync("cacheproxy_memory_entries");
        foreach (var proto in Enumerable.Range(0, 50).Select(static i => $"junk{i}").Concat(["https", "HTTPS", "https, http"]))
            Assert.Equal("HIT", (await rig.GetAsync(path, $"X-Forwarded-Proto: {proto}")).Cache);
        Assert.Equal(before, await rig.MetricAsync("cacheproxy_memory_entries"));
        Assert.Equal("http", Assert.Single(rig.Origin.Seen(path))["X-Forwarded-Proto"]);
    }

    private async Task<int> SeriesAsync() => (await WireClient.AskAsync(rig.Proxy.AdminUrl, "/metrics")).Text.Split('\n')
        .Count(static line => line.StartsWith("cacheproxy_", StringComparison.Ordinal));

    private long Resident()
    {
        using var process = Process.GetProcessById(rig.Proxy.Id);
        return process.WorkingSet64;
    }

    public sealed class Rig : ProxyRig;
}
