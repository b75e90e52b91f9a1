using System.Diagnostics;
using System.Globalization;
using EndToEnd.Wire;
using Processes;

namespace EndToEnd.Faults;

/// <summary>The process itself: ended, killed, given a broken file, short of memory (RELIABILITY 3, P2 to P5).</summary>
public sealed class ProcessFaultTests
{
    [Fact]
    public async Task Sigterm_TwoHundredInFlight_ReadinessTurnsRedAllFinishAndItExitsZero()
    {
        await using var rig = await StandaloneRig.StartAsync(new Dictionary<string, string?> { ["Shutdown__Delay"] = "1s" });
        var gate = new Gate();
        rig.Origin.On("/plain/", async (request, connection) =>
        {
            await gate.WaitAsync();
            await connection.AnswerAsync(request.Path);
        });
        var replies = Enumerable.Range(0, 200).Select(i => WireClient.AskAsync(rig.Proxy.Url, $"/plain/{i}")).ToArray();
        await gate.ReachedAsync(200);

        var ending = rig.Proxy.StopAsync();
        await Poll.UntilAsync(async () => (await WireClient.AskAsync(rig.Proxy.AdminUrl, "/healthz/ready")).Status == 503, TimeSpan.FromSeconds(10), static () => "Readiness stayed green");
        // Load balancers need a moment: until the delay is over, what comes is served.
        Assert.Equal("/ttl/late 1", (await WireClient.AskAsync(rig.Proxy.Url, "/ttl/late")).Text);
        gate.Open();

        foreach (var (i, reply) in (await Task.WhenAll(replies)).Index())
            Assert.Equal((200, $"/plain/{i}"), (reply.Status, reply.Text));
        Assert.True(await ending);
        Assert.Equal(0, rig.Proxy.ExitCode);
    }

    [RedisFact]
    public async Task Sigkill_UnderTraffic_NextOneStartsAndServesWhatWasShared()
    {
        await using var rig = await SharedRig.StartAsync(1);
        await rig.GetAsync(0, "/item/x");
        await using (var admin = await rig.ConnectAsync())
            await Poll.UntilAsync(async () => await admin.GetDatabase().KeyExistsAsync("cacheproxy:__MSOCV_item:x"), SharedRig.Limit, static () => "Not shared");
        var asking = Enumerable.Range(0, 50).Select(async i =>
        {
            try
            {
                return await rig.GetAsync(0, $"/item/k{i % 5}");
            }
            catch (Exception exception) when (exception is IOException or System.Net.Sockets.SocketException)
            {
                return WireReply.None;
            }
        }).ToArray();

        await rig.Replicas[0].KillAsync();
        await Task.WhenAll(asking);
        await rig.AddAsync(rig.Redis.Address);

        var reply = await rig.GetAsync(1, "/item/x");
        Assert.Equal(("/item/x 1", "HIT"), (reply.Text, reply.Cache));
        for (var i = 0; i < 5; i++) Assert.StartsWith($"/item/k{i} ", (await rig.GetAsync(1, $"/item/k{i}")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RoutesFile_BrokenAndMendedUnderTraffic_NoRequestFailsAndTheNewOneApplies()
    {
        await using var rig = await StandaloneRig.StartAsync();
        var good = await File.ReadAllTextAsync(rig.RoutesPath);
        var ending = false;
        var failed = 0;
        var traffic = Task.WhenAll(Enumerable.Range(0, 4).Select(reader => Task.Run(async () =>
        {
            for (var i = 0; !Volatile.Read(ref ending); i++)
            {
                var target = string.Create(CultureInfo.InvariantCulture, $"/ttl/r{i % 20}");
                if ((await WireClient.AskAsync(rig.Proxy.Url, target)).Text != $"{target} 1") Interlocked.Increment(ref failed);
            }
        })));

        foreach (var broken in new[] { good[..(good.Length / 2)], good.Replace("\"Ttl\": \"60s\"", "\"Ttll\": \"60s\"", StringComparison.Ordinal), good.Replace("\"ClusterId\": \"origin\"", "\"ClusterId\": \"nowhere\"", StringComparison.Ordinal), "" })
        {
            await ReplaceAsync(rig, broken);
            await Poll.UntilAsync(async () => await ProxyRig.MetricAsync(rig.Proxy, "cacheproxy_config_valid") == 0, TimeSpan.FromSeconds(15), static () => "The broken file was not seen");
            await ReplaceAsync(rig, good);
            await Poll.UntilAsync(async () => await ProxyRig.MetricAsync(rig.Proxy, "cacheproxy_config_valid") == 1, TimeSpan.FromSeconds(15), static () => "The mended file was not seen");
        }
        Volatile.Write(ref ending, true);
        await traffic;
        Assert.Equal(0, failed);

        await ReplaceAsync(rig, RoutesText.For(rig.Origin.Url, moreRoutes: """, "new": { "ClusterId": "origin", "OutputCachePolicy": "ttl", "Match": { "Path": "/new/{**rest}" } }"""));
        await Poll.UntilAsync(async () => (await WireClient.AskAsync(rig.Proxy.Url, "/new/x")).Cache == "HIT", TimeSpan.FromSeconds(15), static () => "The new route does not apply");
        Assert.Equal("HIT", (await WireClient.AskAsync(rig.Proxy.Url, "/ttl/r1")).Cache);
    }

    [Fact]
    public async Task Memory_BoundedByTheContainer_StaysWithinItAndAnswers()
    {
        await using var rig = await StandaloneRig.StartAsync(new Dictionary<string, string?> { ["DOTNET_GCHeapHardLimit"] = "0xA000000", ["Memory__Limit"] = "32MiB" });
        rig.Origin.On("/ttl/", static (request, connection) => connection.AnswerAsync(MarkedBody.Make(request.Path, 1, 1 << 20)));

        await ProxyRig.AllAsync(4, async reader =>
        {
            for (var i = 0; i < 75; i++)
            {
                var path = string.Create(CultureInfo.InvariantCulture, $"/ttl/m{reader}-{i}");
                var reply = await WireClient.AskAsync(rig.Proxy.Url, path);
                Assert.True(reply is { Status: 200, IsComplete: true }, reply.Head);
                Assert.Null(MarkedBody.Fault(path, reply.Text));
            }
            return 0;
        });

        Assert.True(await ProxyRig.MetricAsync(rig.Proxy, "cacheproxy_memory_bytes") <= 32 << 20);
        using var process = Process.GetProcessById(rig.Proxy.Id);
        Assert.True(process.WorkingSet64 < 400L << 20, $"{process.WorkingSet64 >> 20} MiB");
    }

    // As an editor or a mounted volume does it: at once.
    private static async Task ReplaceAsync(StandaloneRig rig, string text)
    {
        await File.WriteAllTextAsync(rig.RoutesPath + ".new", text);
        File.Move(rig.RoutesPath + ".new", rig.RoutesPath, overwrite: true);
    }
}
