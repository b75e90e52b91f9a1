using System.Globalization;
using EndToEnd.Wire;
using Processes;

namespace EndToEnd.Faults;

/// <summary>More connections than the process may have open files (RELIABILITY 3, P5).</summary>
public sealed class FileLimitTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Without files the runtime itself ends the process; so as many connections as it has files for are let in, and no more.</summary>
    [Fact]
    public async Task Connections_MoreThanFiles_AreTurnedAwayAndTheOthersServed()
    {
        await using var rig = await StandaloneRig.StartAsync(prefix: ["prlimit", "--nofile=900:900"]);
        await ServeEachKindAsync(rig);

        await CrowdAsync(rig, 1_000);

        await RecoversAsync(rig);
        Assert.Contains("limit of open files", rig.Proxy.Output, StringComparison.Ordinal);
    }

    /// <summary>A miss, a hit, clients that leave and a crowd: what a proxy has done before it is in trouble.</summary>
    private static async Task ServeEachKindAsync(StandaloneRig rig)
    {
        await rig.GetAsync("/ttl/x");
        Assert.Equal("HIT", (await rig.GetAsync("/ttl/x")).Cache);
        await CrowdAsync(rig, 50);
        await ProxyRig.AllAsync(50, i => rig.GetAsync(string.Create(CultureInfo.InvariantCulture, $"/ttl/crowd{i}")));
    }

    private static async Task CrowdAsync(StandaloneRig rig, int clients)
    {
        var open = new List<WireClient>();
        for (var i = 0; i < clients; i++) open.Add(await WireClient.ConnectAsync(rig.Url));
        await Task.WhenAll(open.Select(client => client.SendAsync(WireClient.Request(rig.Url, "/ttl/crowded"))));
        var replies = await Task.WhenAll(open.Select(static client => client.ReadAsync()));
        // Those who were let in have their answer, the others hear at once that there is none; operators are let in anyway.
        Assert.All(replies, static reply => Assert.True(reply.Status is 0 or 200, reply.Head));
        Assert.Contains(replies, static reply => reply.Status == 200);
        Assert.Equal(200, (await WireClient.AskAsync(rig.Proxy.AdminUrl, "/healthz/ready")).Status);
        foreach (var client in open) client.Abort();
    }

    private static async Task RecoversAsync(StandaloneRig rig)
    {
        var next = 0;
        string? last = null;
        await Poll.UntilAsync(
            async () =>
            {
                try
                {
                    // One attempt may be lost among those that left; the next ones tell whether it is back.
                    var reply = await rig.GetAsync(string.Create(CultureInfo.InvariantCulture, $"/ttl/after{next++}")).WaitAsync(TimeSpan.FromSeconds(3));
                    last = $"{reply.Head}\n{reply.Text}";
                    return reply.Status == 200;
                }
                catch (Exception exception) when (exception is IOException or System.Net.Sockets.SocketException or OperationCanceledException or TimeoutException)
                {
                    last = exception.Message;
                    return false;
                }
            },
            Limit, () => $"It did not come back. The last of {next} attempts: {last}\nThe proxy's last lines: {rig.Proxy.Output}");
        Assert.False(rig.Proxy.HasExited, rig.Proxy.Output);
        Assert.Equal(200, (await WireClient.AskAsync(rig.Proxy.AdminUrl, "/healthz/ready")).Status);
    }
}
