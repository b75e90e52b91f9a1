using System.Diagnostics;
using System.Globalization;
using EndToEnd.Wire;
using Processes;

namespace EndToEnd.Faults;

/// <summary>Origins that fail before or in the head (RELIABILITY 3, O1 to O3 and O7 to O12).</summary>
public sealed class OriginFaultTests(OriginFaultTests.Rig rig) : IClassFixture<OriginFaultTests.Rig>
{
    private const string Fresh = "Cache-Control: max-age=60";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    public static TheoryData<string> BadHeads => new(
        "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nX-A: 1",
        "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n",
        "HTTP/1.1 999999 OK\r\nContent-Length: 2\r\n\r\nno",
        "HTTP/1.1 2x0 OK\r\nContent-Length: 2\r\n\r\nno",
        "HTTX/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno",
        "junk\r\n\r\n",
        "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 2\r\nContent-Length: 4\r\n\r\nno!!",
        "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: -2\r\n\r\nno",
        "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: abc\r\n\r\nno",
        "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nBad Name: x\r\nContent-Length: 2\r\n\r\nno",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\n\r\n",
        "HTTP/1.1 206 Partial Content\r\nCache-Control: max-age=60\r\nContent-Range: bytes 0-1/9\r\nContent-Length: 2\r\n\r\nno",
        $"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nX: {new string('x', 200_000)}\r\nContent-Length: 2\r\n\r\nno");

    [Theory]
    [MemberData(nameof(BadHeads))]
    public async Task Head_ThatIsNoAnswer_Gives502AndIsNotStored(string head)
    {
        foreach (var route in new[] { "ttl", "origin" })
        {
            var path = ProxyRig.Path(route);
            rig.Origin.On(path, async (request, connection) =>
            {
                if (request.Number == 1)
                {
                    await connection.SayAsync(head);
                    connection.Close();
                }
                else
                {
                    await connection.AnswerAsync("right", Fresh);
                }
            });

            var bad = await rig.GetAsync(path);
            Assert.True(bad.Status == 502, $"{route}: {bad.Head}\n{bad.Text}");
            Assert.Equal(("application/problem+json", "no-store"), (bad["Content-Type"], bad["Cache-Control"]));
            Assert.DoesNotContain(rig.Origin.Url.Authority, bad.Text, StringComparison.Ordinal);
            Assert.Equal((200, "right"), ((await rig.GetAsync(path)).Status, (await rig.GetAsync(path)).Text));
        }
    }

    [Fact]
    public async Task Origin_RefusesConnections_WaitersHaveOne502AndNothingIsStored()
    {
        var port = BackendProcess.FreePort();
        await using var proxy = await ProxyProcess.StartAsync(new ProxySettings
        {
            RoutesPath = RoutesText.Write(RoutesText.For(new Uri($"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}"))),
        });

        var started = Stopwatch.GetTimestamp();
        var replies = await ProxyRig.AllAsync(20, _ => WireClient.AskAsync(proxy.Url, "/ttl/dead"));
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(8));
        Assert.All(replies, static reply => Assert.Equal((502, "application/problem+json", "no-store"), (reply.Status, reply["Content-Type"], reply["Cache-Control"])));
        Assert.Equal(502, (await WireClient.AskAsync(proxy.Url, "/plain/dead")).Status);

        await using var origin = new ScriptedOrigin(port);
        Assert.Equal((200, "/ttl/dead 1"), await AnswerOfAsync(proxy.Url, "/ttl/dead"));
    }

    [Fact]
    public async Task Origin_ConnectsNowhere_504WithinTheConnectTimeout()
    {
        // A listener whose queue is full drops what comes: the connection attempt hangs.
        using var blackhole = new Blackhole();
        await using var proxy = await ProxyProcess.StartAsync(new ProxySettings
        {
            RoutesPath = RoutesText.Write(RoutesText.For(blackhole.Url)),
            Settings = new Dictionary<string, string?> { ["Origin__ConnectTimeout"] = "1s" },
        });

        var started = Stopwatch.GetTimestamp();
        var reply = await WireClient.AskAsync(proxy.Url, "/ttl/x");

        Assert.Equal(504, reply.Status);
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Origin_SaysNothing_RouteWithoutATimeoutHas504AtTheActivityTimeoutAndTheKeyIsFree()
    {
        var gate = new Gate();
        await using var origin = new ScriptedOrigin();
        origin.On("/quiet/x", async (request, connection) =>
        {
            if (request.Number == 1) await gate.WaitAsync();
            await connection.AnswerAsync("right");
        });
        await using var proxy = await ProxyProcess.StartAsync(new ProxySettings
        {
            RoutesPath = RoutesText.Write(RoutesText.For(
                origin.Url, moreRoutes: """, "quiet": { "ClusterId": "slow", "OutputCachePolicy": "ttl", "Match": { "Path": "/quiet/{**rest}" } }""")),
        });

        var late = await WireClient.AskAsync(proxy.Url, "/quiet/x");
        Assert.Equal((504, "application/problem+json"), (late.Status, late["Content-Type"]));
        Assert.Contains("origin-timeout", late.Text, StringComparison.Ordinal);
        Assert.Equal((200, "right"), await AnswerOfAsync(proxy.Url, "/quiet/x"));
        gate.Open();
    }

    [Fact]
    public async Task Origin_SaysNothing_RouteWithATimeoutAndNoPolicyHas504AtItsTimeout()
    {
        var gate = new Gate();
        await using var origin = new ScriptedOrigin();
        origin.On("/timed/x", async (_, connection) =>
        {
            await gate.WaitAsync();
            await connection.AnswerAsync("late");
        });
        await using var proxy = await ProxyProcess.StartAsync(new ProxySettings
        {
            RoutesPath = RoutesText.Write(RoutesText.For(
                origin.Url, moreRoutes: """, "timed": { "ClusterId": "origin", "Timeout": "00:00:01", "Match": { "Path": "/timed/{**rest}" } }""")),
        });

        var late = await WireClient.AskAsync(proxy.Url, "/timed/x");

        Assert.Equal((504, true, "application/problem+json", "no-store"), (late.Status, late.IsComplete, late["Content-Type"], late["Cache-Control"]));
        Assert.Contains("origin-timeout", late.Text, StringComparison.Ordinal);
        gate.Open();
    }

    [Theory]
    [InlineData("503")]
    [InlineData("500")]
    [InlineData("502")]
    [InlineData("504")]
    [InlineData("closed")]
    [InlineData("hang")]
    [InlineData("short")]
    public async Task Stale_OriginFails_IsServedWithItsAge(string failure)
    {
        var path = ProxyRig.Path("stale");
        var gate = new Gate();
        rig.Origin.On(path, async (request, connection) =>
        {
            if (request.Number == 1) await connection.AnswerAsync("good");
            else if (failure == "hang") await gate.WaitAsync();
            else if (failure == "closed") connection.Close();
            else if (failure == "short")
            {
                await connection.SayAsync(OriginConnection.Head(100) + "only");
                connection.Close();
            }
            else await connection.AnswerAsync("bad", status: failure + " Failed");
        });
        await rig.GetAsync(path);
        await Poll.UntilAsync(async () => (await rig.GetAsync(path)).Cache == "STALE", Limit, () => "It did not become stale");

        for (var i = 0; i < 3; i++)
        {
            var reply = await rig.GetAsync(path);
            Assert.Equal((200, "good", "STALE"), (reply.Status, reply.Text, reply.Cache));
            Assert.True(int.Parse(reply["Age"]!, CultureInfo.InvariantCulture) >= 0);
        }
        gate.Open();
    }

    [Theory]
    [InlineData("http://nowhere.invalid:1")]
    [InlineData("https://127.0.0.1:{0}")]
    public async Task Origin_OfNoNameOrWithoutTls_GivesAProblem(string address)
    {
        await using var proxy = await ProxyProcess.StartAsync(new ProxySettings
        {
            RoutesPath = RoutesText.Write(RoutesText.For(new Uri(string.Format(CultureInfo.InvariantCulture, address, rig.Origin.Port)))),
        });
        foreach (var path in new[] { "/ttl/x", "/plain/x" })
        {
            var reply = await WireClient.AskAsync(proxy.Url, path);
            // A name server that does not answer is as late as a connection that does not.
            Assert.True(reply.Status is 502 or 504, reply.Head);
            Assert.Equal(("application/problem+json", "no-store"), (reply["Content-Type"], reply["Cache-Control"]));
            Assert.DoesNotContain("nowhere", reply.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Refresh_ThatAlwaysFails_IsTriedOneAtATimeWithPausesAndNobodyWaits()
    {
        var path = ProxyRig.Path("swr");
        var (running, most) = (0, 0);
        rig.Origin.On(path, async (request, connection) =>
        {
            if (request.Number == 1)
            {
                await connection.AnswerAsync("good");
                return;
            }
            most = Math.Max(most, Interlocked.Increment(ref running));
            await connection.AnswerAsync("bad", status: "503 Busy");
            Interlocked.Decrement(ref running);
        });
        await rig.GetAsync(path);
        await Poll.UntilAsync(async () => (await rig.GetAsync(path)).Cache == "STALE", Limit, static () => "It did not become stale");

        var started = Stopwatch.GetTimestamp();
        await ProxyRig.AllAsync(4, async _ =>
        {
            for (var i = 0; i < 100; i++)
            {
                var reply = await rig.GetAsync(path);
                Assert.Equal((200, "good"), (reply.Status, reply.Text));
            }
            return 0;
        });
        // About one a second, not one a request.
        Assert.InRange(rig.Origin.Count(path), 2, 4 + (int)(Stopwatch.GetElapsedTime(started).TotalSeconds * 2));
        Assert.Equal(1, most);
    }

    [Fact]
    public async Task Miss_OriginFailsWithStatus_PassesThroughAndIsAskedAgain()
    {
        foreach (var status in new[] { "500 Bad", "503 Busy", "429 Slow Down", "400 No", "413 Large", "431 Fields", "501 Unknown", "403 No", "405 No" })
        {
            var path = ProxyRig.Path("ttl");
            rig.Origin.On(path, (request, connection) => request.Number == 1 ? connection.AnswerAsync("bad", status: status) : connection.AnswerAsync("good"));

            Assert.Equal((int.Parse(status[..3], CultureInfo.InvariantCulture), "bad"), await AnswerOfAsync(rig.Url, path));
            Assert.Equal((200, "good"), await AnswerOfAsync(rig.Url, path));
        }
    }

    [Theory]
    [InlineData("Date: Thu, 01 Jan 1970 00:00:00 GMT")]
    [InlineData("Date: Thu, 31 Dec 2099 23:59:59 GMT")]
    [InlineData("Date: never")]
    [InlineData("Age: -5")]
    [InlineData("Age: 99999999999999999999")]
    [InlineData("Age: x")]
    public async Task Age_OriginsClockIsWrong_IsNeverNegativeAndTheTtlHolds(string field)
    {
        var path = ProxyRig.Path("ttl");
        rig.Origin.On(path, (_, connection) => connection.AnswerAsync("good", field));

        await rig.GetAsync(path);
        var hit = await rig.GetAsync(path);

        Assert.Equal(("HIT", 1), (hit.Cache, rig.Origin.Count(path)));
        Assert.True(long.Parse(hit["Age"]!, CultureInfo.InvariantCulture) >= 0, hit.Head);
    }

    [Fact]
    public async Task Body_HundredsOfMegabytes_StreamsThroughWithinBoundedMemory()
    {
        const long length = 512L << 20;
        var path = ProxyRig.Path("small");
        var block = new byte[1 << 20];
        rig.Origin.On(path, async (_, connection) =>
        {
            await connection.SayAsync(OriginConnection.Head(length));
            for (long sent = 0; sent < length; sent += block.Length) await connection.SayAsync(block);
        });
        await rig.GetAsync(ProxyRig.Path("ttl"));
        var before = Resident();

        using var http = new HttpClient();
        await using var body = await http.GetStreamAsync(new Uri(rig.Url, path));
        long read = 0, most = 0;
        var buffer = new byte[256 * 1_024];
        for (int count; (count = await body.ReadAsync(buffer)) > 0; read += count) most = Math.Max(most, Resident());

        Assert.Equal(length, read);
        Assert.True(most - before < 64L << 20, $"{(most - before) >> 20} MiB more");
    }

    private long Resident()
    {
        using var process = Process.GetProcessById(rig.Proxy.Id);
        return process.WorkingSet64;
    }

    private static async Task<(int Status, string Text)> AnswerOfAsync(Uri server, string path)
    {
        var reply = await WireClient.AskAsync(server, path);
        return (reply.Status, reply.Text);
    }

    public sealed class Rig : ProxyRig;
}
