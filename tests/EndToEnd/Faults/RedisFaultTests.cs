using System.Diagnostics;
using System.Globalization;
using EndToEnd.Wire;
using Processes;
using StackExchange.Redis;

namespace EndToEnd.Faults;

/// <summary>Redis away, hanging, slow, full, read-only (RELIABILITY 3, R1 to R9 and R13): clients have right answers all the time; purges are true or refused.</summary>
public sealed class RedisFaultTests
{
    private const string Purge = """{"keys":["item:x"]}""";

    /// <summary>Far above what a busy machine adds, far below the seconds that a client library of its own accord waits.</summary>
    private static readonly TimeSpan Bearable = TimeSpan.FromSeconds(5);

    [RedisFact]
    public async Task Redis_NotThereAtStart_ServesFromTheOriginAndUsesItWhenItComes()
    {
        var port = BackendProcess.FreePort();
        await using var origin = new ScriptedOrigin();
        await using var proxy = await ProxyProcess.StartAsync(new ProxySettings
        {
            RoutesPath = RoutesText.Write(RoutesText.For(origin.Url)),
            Redis = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"),
        });

        Assert.Equal(["/item/x 1", "/item/x 2"], [(await WireClient.AskAsync(proxy.Url, "/item/x")).Text, (await WireClient.AskAsync(proxy.Url, "/item/x")).Text]);
        var refused = await WireClient.AskAsync(
            proxy.Url, "/_cache/invalidate", $"Content-Type: application/json\r\nAuthorization: Bearer {ProxyProcess.OperatorToken()}", "POST", Purge);
        Assert.Equal(503, refused.Status);
        Assert.NotNull(refused["Retry-After"]);

        await using var redis = await RedisServer.StartAsync(port);
        await SharedRig.HasLeaseAsync(proxy);
        await WireClient.AskAsync(proxy.Url, "/item/x");
        Assert.Equal("HIT", (await WireClient.AskAsync(proxy.Url, "/item/x")).Cache);
    }

    [RedisFact]
    public async Task Redis_Hangs_AnswersStayRightAndFastAndPurgesAreRefused()
    {
        await using var rig = await SharedRig.StartAsync(1);
        await rig.GetAsync(0, "/item/x");

        rig.Redis.Suspend();
        var slowest = TimeSpan.Zero;
        for (var i = 0; i < 100; i++)
        {
            var started = Stopwatch.GetTimestamp();
            var reply = await rig.GetAsync(0, $"/item/h{i}");
            slowest = TimeSpan.FromTicks(Math.Max(slowest.Ticks, Stopwatch.GetElapsedTime(started).Ticks));
            Assert.Equal((200, $"/item/h{i} 1"), (reply.Status, reply.Text));
        }
        Assert.True(slowest < Bearable, $"{slowest}");
        await Poll.UntilAsync(async () => await ProxyRig.MetricAsync(rig.Replicas[0], "cacheproxy_lease_valid") == 0, SharedRig.Limit, static () => "The lease did not lapse");
        Assert.Equal(503, (await rig.PurgeAsync(0, Purge)).Status);
        Assert.Equal("/item/x 2", (await rig.GetAsync(0, "/item/x")).Text);

        rig.Redis.Resume();
        await SharedRig.HasLeaseAsync(rig.Replicas[0]);
        Assert.Equal(200, (await rig.PurgeAsync(0, Purge)).Status);
        Assert.Equal("/item/x 3", (await rig.GetAsync(0, "/item/x")).Text);
    }

    [RedisFact]
    public async Task Redis_IsSlow_LookupsGiveUpAndTheOriginAnswers()
    {
        await using var redis = await RedisServer.StartAsync();
        using var relay = new Relay(redis.Port);
        await using var rig = await SharedRig.StartAsync(1, relay.Address);

        relay.Delay = TimeSpan.FromMilliseconds(400);
        for (var i = 0; i < 30; i++)
        {
            var started = Stopwatch.GetTimestamp();
            var reply = await rig.GetAsync(0, $"/item/s{i}");
            Assert.Equal((200, $"/item/s{i} 1"), (reply.Status, reply.Text));
            Assert.True(Stopwatch.GetElapsedTime(started) < Bearable);
        }
        Assert.Equal(1, await ProxyRig.MetricAsync(rig.Replicas[0], "cacheproxy_shared_breaker_open"));
        relay.Delay = TimeSpan.Zero;
        await Poll.UntilAsync(async () => await ProxyRig.MetricAsync(rig.Replicas[0], "cacheproxy_shared_breaker_open") == 0, SharedRig.Limit, static () => "The breaker stays open");
    }

    [RedisFact]
    public async Task Redis_KilledAndRestartedEmptyUnderTraffic_NoErrorAndNoOldContent()
    {
        await using var rig = await SharedRig.StartAsync(2);
        var content = "old";
        rig.Origin.On("/item/", (request, connection) => connection.AnswerAsync($"{request.Target} {Volatile.Read(ref content)}"));
        await using var traffic = Traffic.On(rig);
        await traffic.WentOnAsync(200);

        Volatile.Write(ref content, "new");
        Assert.Equal(200, (await rig.PurgeAsync(0, """{"patterns":["item:*"]}""")).Status);
        traffic.Demand("new");
        await rig.Redis.KillAsync();
        await traffic.WentOnAsync(300);
        var port = rig.Redis.Port;
        await rig.Redis.DisposeAsync();
        rig.Redis = await RedisServer.StartAsync(port);
        await traffic.WentOnAsync(300);
        foreach (var replica in rig.Replicas) await SharedRig.HasLeaseAsync(replica);
        await traffic.WentOnAsync(200);

        Assert.Empty(await traffic.EndAsync());
    }

    [RedisFact]
    public async Task Redis_FlushedUnderTraffic_NoErrorAndNothingPurgedComesBack()
    {
        await using var rig = await SharedRig.StartAsync(2);
        await using var admin = await rig.ConnectAsync();
        var content = "0";
        rig.Origin.On("/item/", (request, connection) => connection.AnswerAsync($"{request.Target} {Volatile.Read(ref content)}"));
        await using var traffic = Traffic.On(rig);

        for (var i = 1; i <= 5; i++)
        {
            Volatile.Write(ref content, i.ToString(CultureInfo.InvariantCulture));
            await Poll.UntilAsync(async () => (await rig.PurgeAsync(i % 2, """{"patterns":["item:*"]}""")).Status == 200, SharedRig.Limit, static () => "No purge");
            traffic.Demand(i.ToString(CultureInfo.InvariantCulture));
            await admin.GetServer(rig.Redis.Address).FlushAllDatabasesAsync();
            await traffic.WentOnAsync(100);
        }

        Assert.Empty(await traffic.EndAsync());
    }

    [RedisFact]
    public async Task Redis_IsFull_AnswersStayRightAndPurgesAreRefused()
    {
        await using var rig = await SharedRig.StartAsync(1);
        await using var admin = await rig.ConnectAsync();
        await rig.GetAsync(0, "/item/x");

        await admin.GetDatabase().ExecuteAsync("CONFIG", "SET", "maxmemory-policy", "noeviction");
        await admin.GetDatabase().ExecuteAsync("CONFIG", "SET", "maxmemory", "1");
        Assert.Equal(503, (await rig.PurgeAsync(0, Purge)).Status);
        for (var i = 0; i < 20; i++) Assert.Equal($"/item/f{i} 1", (await rig.GetAsync(0, $"/item/f{i}")).Text);

        await admin.GetDatabase().ExecuteAsync("CONFIG", "SET", "maxmemory", "0");
        await SharedRig.HasLeaseAsync(rig.Replicas[0]);
        Assert.Equal(200, (await rig.PurgeAsync(0, Purge)).Status);
    }

    [RedisTheory]
    [InlineData("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE")]
    [InlineData("CONFIG SET replica-serve-stale-data no;REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE")]
    [InlineData("CONFIG SET requirepass secret;CLIENT KILL TYPE normal SKIPME yes", "CONFIG SET requirepass ")]
    [InlineData("CONFIG SET maxclients 1;CLIENT KILL TYPE pubsub;CLIENT KILL TYPE normal SKIPME yes", "CONFIG SET maxclients 10000")]
    public async Task Redis_RefusesCommands_AnswersStayRightAndItIsUsedAgain(string bad, string good)
    {
        await using var rig = await SharedRig.StartAsync(1);
        await using var admin = await rig.ConnectAsync();
        await rig.GetAsync(0, "/item/x");

        // What is open stays logged in and let in; so those connections go.
        foreach (var command in bad.Split(';')) await ExecuteAsync(admin, command);
        await Poll.UntilAsync(async () => (await rig.PurgeAsync(0, Purge)).Status == 503, SharedRig.Limit, static () => "A purge was said to be true");
        for (var i = 0; i < 20; i++) Assert.Equal($"/item/r{i} 1", (await rig.GetAsync(0, $"/item/r{i}")).Text);

        await ExecuteAsync(admin, good);
        await SharedRig.HasLeaseAsync(rig.Replicas[0]);
        await Poll.UntilAsync(async () => (await rig.PurgeAsync(0, Purge)).Status == 200, SharedRig.Limit, static () => "No purge");
    }

    [RedisFact]
    public async Task Redis_CutsThePushLinkAgainAndAgain_PurgesStayTrue()
    {
        await using var rig = await SharedRig.StartAsync(2);
        await using var admin = await rig.ConnectAsync();
        var content = 0;
        rig.Origin.On("/item/", (_, connection) => connection.AnswerAsync(Volatile.Read(ref content).ToString(CultureInfo.InvariantCulture)));

        for (var i = 1; i <= 30; i++)
        {
            await rig.GetAsync(i % 2, "/item/x");
            await ExecuteAsync(admin, "CLIENT KILL TYPE pubsub");
            Volatile.Write(ref content, i);
            await Poll.UntilAsync(async () => (await rig.PurgeAsync(i % 2, Purge)).Status == 200, SharedRig.Limit, static () => "No purge");
            Assert.Equal(i, int.Parse((await rig.GetAsync((i + 1) % 2, "/item/x")).Text, CultureInfo.InvariantCulture));
        }
    }

    private static Task<RedisResult> ExecuteAsync(ConnectionMultiplexer admin, string command)
    {
        var words = command.Split(' ');
        return admin.GetServer(admin.GetEndPoints()[0]).ExecuteAsync(words[0], [.. words.Skip(1)]);
    }
}
