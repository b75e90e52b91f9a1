using EndToEnd.Wire;
using Processes;

namespace EndToEnd.Faults;

/// <summary>
/// A proxy that has one core: everything up to a response may run on the one thread on which all sockets are read (docs/decisions/0007), and
/// nothing may ever wait there for a socket.
/// </summary>
public sealed class OneCoreTests(OneCoreTests.Rig rig) : IClassFixture<OneCoreTests.Rig>
{
    private const int Clients = 300;
    private static readonly Dictionary<string, string?> s_oneCore = new() { ["DOTNET_PROCESSOR_COUNT"] = "1" };

    [Fact]
    public async Task ColdKey_ManyClients_OneOriginRequest()
    {
        var path = ProxyRig.Path("item");
        var gate = new Gate();
        var body = MarkedBody.Make(path, 1, 100_000);
        rig.Origin.On(path, async (_, connection) =>
        {
            await gate.WaitAsync();
            await connection.AnswerAsync(body);
        });

        var replies = ProxyRig.AllAsync(Clients, _ => rig.GetAsync(path));
        await Poll.UntilAsync(async () => await rig.MetricAsync("cacheproxy_fill_waiters") >= Clients - 1, TimeSpan.FromSeconds(30), static () => "Not all wait");
        gate.Open();

        Assert.All(await replies, reply => Assert.Equal(body, reply.Text));
        Assert.Equal(1, rig.Origin.Count(path));
    }

    [Fact]
    public async Task LongJson_WhileOthersAsk_IsKeyed_AndNobodyWaitsForGood()
    {
        var (posted, hit) = (ProxyRig.Path("body"), ProxyRig.Path("item"));
        rig.Origin.On(posted, static (_, connection) => connection.AnswerAsync("compared"));
        rig.Origin.On(hit, static (_, connection) => connection.AnswerAsync("stored"));
        await rig.GetAsync(hit);
        var json = $"[{string.Join(',', Enumerable.Range(0, 100_000))}]";

        var posts = ProxyRig.AllAsync(8, _ => WireClient.AskAsync(rig.Url, posted, "Content-Type: application/json", "POST", json));
        var hits = ProxyRig.AllAsync(Clients, _ => rig.GetAsync(hit));

        Assert.All(await hits, static reply => Assert.Equal(("HIT", "stored"), (reply.Cache, reply.Text)));
        Assert.All(await posts, static reply => Assert.Equal("compared", reply.Text));
        Assert.Equal(1, rig.Origin.Count(posted));
    }

    /// <summary>What is read from Redis comes through the same thread: a fill that blocked it would wait for what it keeps from coming.</summary>
    [RedisFact]
    public async Task ColdKeys_OnRedis_NoneWaitsInVain()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var proxy = await ProxyProcess.StartAsync(new ProxySettings
        {
            RoutesPath = rig.RoutesPath,
            Redis = redis.Address,
            Settings = new Dictionary<string, string?>(s_oneCore) { ["Redis__Timeout"] = "5s" },
        });
        await Poll.UntilAsync(async () => await ProxyRig.MetricAsync(proxy, "cacheproxy_lease_valid") == 1, TimeSpan.FromSeconds(30), static () => "No lease");
        rig.Origin.On("/origin/", static (_, connection) => connection.AnswerAsync("not stored", "Cache-Control: no-store"));
        rig.Origin.On("/item/", static (_, connection) => connection.AnswerAsync("stored"));

        var replies = await ProxyRig.AllAsync(Clients, async i => (IsStored: i % 2 == 0, Reply: await WireClient.AskAsync(proxy.Url, ProxyRig.Path(i % 2 == 0 ? "item" : "origin"))));

        Assert.All(replies, static reply => Assert.Equal(reply.IsStored ? "stored" : "not stored", reply.Reply.Text));
        const string Calls = "cacheproxy_shared_duration_seconds_count{operation=";
        await Poll.UntilAsync(async () => await ProxyRig.MetricAsync(proxy, Calls + "\"set\",outcome=\"ok\"}") >= Clients / 2, TimeSpan.FromSeconds(30), static () => "Not all are in Redis");
        Assert.Equal(0, await ProxyRig.MetricAsync(proxy, Calls + "\"get\",outcome=\"timeout\"}") + await ProxyRig.MetricAsync(proxy, Calls + "\"set\",outcome=\"timeout\"}"));
    }

    public sealed class Rig : ProxyRig
    {
        protected override IReadOnlyDictionary<string, string?> Settings => s_oneCore;
    }
}
