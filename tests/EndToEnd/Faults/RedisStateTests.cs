using System.Globalization;
using EndToEnd.Wire;
using Processes;
using StackExchange.Redis;

namespace EndToEnd.Faults;

/// <summary>A Redis that answers, but not yet, or not from here (RELIABILITY 3, R6, R7 and R9: a promotion, MOVED, LOADING, CLUSTERDOWN).</summary>
public sealed class RedisStateTests
{
    private const string Purge = """{"keys":["item:x"]}""";

    // A cluster may promote replicas, so that it must be said.
    private static readonly Dictionary<string, string?> s_noStandbys = new() { ["Consistency__Standbys"] = "0" };

    /// <summary>A restart with a large data set: for seconds it answers everything with LOADING.</summary>
    [RedisFact]
    public async Task Redis_Loads_AnswersStayRightAndItIsUsedWhenItIsReady()
    {
        string[] saving = ["--dbfilename", "large.rdb"];
        var seconds = 4;
        await using var rig = await SharedRig.StartAsync(1, redis: saving);
        await rig.GetAsync(0, "/item/x");
        string folder;
        await using (var admin = await rig.ConnectAsync())
        {
            var server = admin.GetServer(rig.Redis.Address);
            await server.ExecuteAsync("EVAL", "for i = 1, 1000 do redis.call('SET', 'foreign:' .. i, 'x') end", 0);
            await server.ExecuteAsync("SAVE");
            folder = (await server.ConfigGetAsync("dir")).Single().Value;
        }
        var port = rig.Redis.Port;
        await rig.Redis.KillAsync();
        await rig.Redis.DisposeAsync();

        // So long for each key, in microseconds, and between keys it hears its clients.
        string[] slow = ["--dir", folder, "--key-load-delay", (seconds * 1_000).ToString(CultureInfo.InvariantCulture), "--loading-process-events-interval-bytes", "1024"];
        var starting = RedisServer.StartAsync(port, [.. saving, .. slow]);
        var refused = 0;
        for (var i = 0; !starting.IsCompleted; i++)
        {
            var reply = await rig.GetAsync(0, $"/item/l{i}");
            Assert.Equal((200, $"/item/l{i} 1"), (reply.Status, reply.Text));
            if ((await rig.PurgeAsync(0, Purge)).Status == 503) refused++;
        }
        rig.Redis = await starting;

        Assert.True(refused > 0, "It was never loading");
        await SharedRig.HasLeaseAsync(rig.Replicas[0]);
        await Poll.UntilAsync(async () => (await rig.PurgeAsync(0, Purge)).Status == 200, SharedRig.Limit, static () => "No purge");
        Assert.Equal("MISS", (await rig.GetAsync(0, "/item/x")).Cache);
    }

    [RedisFact]
    public async Task Cluster_WithoutItsSlots_AnswersStayRightAndItIsUsedWhenItHasThem()
    {
        await using var rig = await SharedRig.StartAsync(0, redis: InCluster(BackendProcess.FreePort()));
        await rig.AddAsync(rig.Redis.Address, s_noStandbys, untilLease: false);

        for (var i = 0; i < 20; i++) Assert.Equal($"/item/c{i} 1", (await rig.GetAsync(0, $"/item/c{i}")).Text);
        Assert.Equal(503, (await rig.PurgeAsync(0, Purge)).Status);

        await using var admin = await rig.ConnectAsync();
        await admin.GetServer(rig.Redis.Address).ExecuteAsync("CLUSTER", "ADDSLOTSRANGE", 0, 16_383);
        await SharedRig.HasLeaseAsync(rig.Replicas[0]);
        await Poll.UntilAsync(async () => (await rig.PurgeAsync(0, Purge)).Status == 200, SharedRig.Limit, static () => "No purge");
        await rig.GetAsync(0, "/item/x");
        Assert.Equal("HIT", (await rig.GetAsync(0, "/item/x")).Cache);
    }

    /// <summary>Reads through the shared tier while Sentinel promotes the standby: nobody notices, and the new master is used.</summary>
    [RedisFact]
    public async Task Sentinel_PromotesTheStandbyUnderTraffic_NoErrorAndTheNewMasterIsUsed()
    {
        await using var rig = await SharedRig.StartAsync(0, redis: ["--repl-diskless-sync-delay", "0"]);
        await using var standby = await Sentinel.StartStandbyAsync(null, rig.Redis);
        await using var sentinel = await Sentinel.StartAsync(rig.Redis.Port);
        for (var i = 0; i < 2; i++) await rig.AddAsync(sentinel.Address, new Dictionary<string, string?> { ["Consistency__Standbys"] = "1" });
        var content = "old";
        rig.Origin.On("/item/", (request, connection) => connection.AnswerAsync($"{request.Target} {Volatile.Read(ref content)}"));
        await using var traffic = Traffic.On(rig);
        await traffic.WentOnAsync(200);

        await rig.Redis.KillAsync();
        await traffic.WentOnAsync(100);
        await sentinel.PromotesAsync(standby);
        await using var third = await Sentinel.StartStandbyAsync(rig.Redis.Port, standby);
        foreach (var replica in rig.Replicas) await SharedRig.HasLeaseAsync(replica);
        Volatile.Write(ref content, "new");
        await Poll.UntilAsync(async () => (await rig.PurgeAsync(0, """{"patterns":["item:*"]}""")).Status == 200, SharedRig.Limit, static () => "No purge gets through");
        traffic.Demand("new");
        await traffic.WentOnAsync(200);

        Assert.Empty(await traffic.EndAsync());
        await using var admin = await ConnectionMultiplexer.ConnectAsync(standby.Address);
        await Poll.UntilAsync(async () => await admin.GetDatabase().KeyExistsAsync("cacheproxy:__MSOCV_item:t1"), SharedRig.Limit, static () => "The new master is not used");
    }

    /// <summary>Slots move from one node to the other while they are read and written: MOVED and ASK are the client library's to follow.</summary>
    [RedisFact]
    public async Task Cluster_SlotsAreMovedUnderTraffic_NoErrorAndEntriesAreFound()
    {
        var bus = BackendProcess.FreePort();
        await using var rig = await SharedRig.StartAsync(0, redis: InCluster(BackendProcess.FreePort()));
        await using var other = await RedisServer.StartAsync(null, InCluster(bus));
        await using var admin = await ConnectionMultiplexer.ConnectAsync($"{rig.Redis.Address},{other.Address},allowAdmin=true");
        await FormAsync(admin, rig.Redis, other, bus);
        for (var i = 0; i < 2; i++) await rig.AddAsync(rig.Redis.Address, s_noStandbys);
        var content = 0;
        rig.Origin.On("/item/", (request, connection) => connection.AnswerAsync($"{request.Target} {Volatile.Read(ref content).ToString(CultureInfo.InvariantCulture)}"));
        await using var traffic = Traffic.On(rig);
        await traffic.WentOnAsync(200);

        for (var round = 1; round <= 3; round++)
        {
            await MoveSlotsAsync(rig.Redis, other, 400);
            Volatile.Write(ref content, round);
            await Poll.UntilAsync(async () => (await rig.PurgeAsync(round % 2, """{"patterns":["item:*"]}""")).Status == 200, SharedRig.Limit, static () => "No purge gets through");
            traffic.Demand(round.ToString(CultureInfo.InvariantCulture));
            await traffic.WentOnAsync(200);
        }
        Assert.Empty(await traffic.EndAsync());

        // What one replica has stored now, the other finds, wherever it stands.
        for (var i = 0; i < 20; i++) await rig.GetAsync(0, $"/item/found{i}");
        await Poll.UntilAsync(
            async () =>
            {
                var hits = 0;
                for (var i = 0; i < 20; i++)
                    if ((await rig.GetAsync(1, $"/item/found{i}")).Cache == "HIT") hits++;
                return hits == 20;
            },
            SharedRig.Limit, static () => "Entries are not found");
    }

    /// <param name="bus">The nodes' own port; by default the clients' and 10 000, which may be anybody's.</param>
    private static string[] InCluster(int bus) => ["--cluster-enabled", "yes", "--cluster-port", bus.ToString(CultureInfo.InvariantCulture)];

    private static async Task FormAsync(ConnectionMultiplexer admin, RedisServer one, RedisServer other, int bus)
    {
        await admin.GetServer(one.Address).ExecuteAsync("CLUSTER", "ADDSLOTSRANGE", 0, 8_191);
        await admin.GetServer(other.Address).ExecuteAsync("CLUSTER", "ADDSLOTSRANGE", 8_192, 16_383);
        await admin.GetServer(one.Address).ExecuteAsync("CLUSTER", "MEET", "127.0.0.1", other.Port, bus);
        foreach (var node in new[] { one, other })
            await Poll.UntilAsync(
                async () => ((string)(await admin.GetServer(node.Address).ExecuteAsync("CLUSTER", "INFO"))!) is var info
                    && info.Contains("cluster_state:ok", StringComparison.Ordinal) && info.Contains("cluster_known_nodes:2", StringComparison.Ordinal),
                SharedRig.Limit, static () => "The nodes do not become a cluster");
    }

    private static async Task MoveSlotsAsync(RedisServer from, RedisServer to, int slots)
    {
        using var moving = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo(
                "redis-cli",
                [
                    "--cluster", "reshard", from.Address, "--cluster-from", await IdAsync(from), "--cluster-to", await IdAsync(to),
                    "--cluster-slots", slots.ToString(CultureInfo.InvariantCulture), "--cluster-yes",
                ])
            { RedirectStandardOutput = true })!;
        var said = await moving.StandardOutput.ReadToEndAsync();
        await moving.WaitForExitAsync();
        Assert.True(moving.ExitCode == 0, said);
    }

    private static async Task<string> IdAsync(RedisServer node)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"{node.Address},allowAdmin=true");
        return (string)(await connection.GetServer(node.Address).ExecuteAsync("CLUSTER", "MYID"))!;
    }
}
