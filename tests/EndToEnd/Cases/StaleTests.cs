using System.Globalization;
using EndToEnd.Wire;
using Processes;

namespace EndToEnd.Cases;

/// <summary>Stale instead of an error where the stored response has no validator, so that the origin is asked unconditionally (CASES 12).</summary>
public sealed class StaleTests(StaleTests.Rig rig) : IClassFixture<StaleTests.Rig>
{
    private const string Lifetime = "Cache-Control: max-age=1, stale-if-error=60";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("503")]
    [InlineData("closed")]
    [InlineData("reset")]
    [InlineData("garbage")]
    public async Task StaleIfError_WithoutAValidator_IsServedAndGrowsOlder(string failure)
    {
        var path = ProxyRig.Path("origin");
        rig.Origin.On(path, async (request, connection) =>
        {
            if (request.Number == 1) await connection.AnswerAsync("good", Lifetime);
            else if (failure == "closed") connection.Close();
            else if (failure == "reset") connection.Reset();
            else if (failure == "garbage") await connection.SayAsync("what\r\n\r\n");
            else await connection.AnswerAsync("bad", status: failure + " Failed");
        });
        await rig.GetAsync(path);
        await IsStaleAndGrowsOlderAsync(() => rig.GetAsync(path));
        Assert.True(rig.Origin.Count(path) > 1);
        Assert.All(rig.Origin.Seen(path), static seen => Assert.Null(seen["If-None-Match"] ?? seen["If-Modified-Since"]));
    }

    [Fact]
    public async Task StaleIfError_OriginRefusesConnections_IsServedAndGrowsOlder()
    {
        var port = BackendProcess.FreePort();
        await using var proxy = await ProxyProcess.StartAsync(new ProxySettings
        {
            RoutesPath = RoutesText.Write(RoutesText.For(new Uri($"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}"))),
        });
        await using (var origin = new ScriptedOrigin(port))
        {
            origin.On("/origin/", static (_, connection) => connection.AnswerAsync("good", Lifetime));
            Assert.Equal("good", (await WireClient.AskAsync(proxy.Url, "/origin/x")).Text);
        }
        await IsStaleAndGrowsOlderAsync(() => WireClient.AskAsync(proxy.Url, "/origin/x"));
    }

    private static async Task IsStaleAndGrowsOlderAsync(Func<Task<WireReply>> askAsync)
    {
        var (reply, ages) = (WireReply.None, new HashSet<int>());
        await Poll.UntilAsync(
            async () =>
            {
                reply = await askAsync();
                Assert.Equal((200, "good"), (reply.Status, reply.Text));
                if (reply.Cache == "STALE") ages.Add(int.Parse(reply["Age"]!, CultureInfo.InvariantCulture));
                return ages.Count >= 3;
            },
            Limit, () => $"It is not served stale, or its age stands still: {reply.Head}");
        Assert.True(ages.Min() >= 1);
    }

    public sealed class Rig : ProxyRig;
}
