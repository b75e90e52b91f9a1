using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Redis;
using CacheProxy.Engine.Tests.Redis;
using Microsoft.Extensions.Logging.Abstractions;

namespace CacheProxy.Engine.Tests.Invalidation;

/// <summary>The scripts themselves, call by call, on a real Redis.</summary>
#pragma warning disable CA1001 // Disposed of in DisposeAsync.
public sealed class RedisLogTransportTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private const string Control = "{cacheproxy:log}:ctl";
    private const string Records = "{cacheproxy:log}:records";
    private const string Json = """{"version":1,"mode":"hard","keys":["k"]}""";
    private static readonly TimeSpan s_lease = TimeSpan.FromSeconds(2);
    private RedisServer _server = null!;
    private RedisConnections _connections = null!;
    private RedisLogTransport _transport = null!;

    public async Task InitializeAsync()
    {
        _server = await RedisServer.StartAsync();
        _connections = new(new() { ConnectionString = RedisConnectionString.Parse(_server.Address), Timeout = TimeSpan.FromSeconds(2) });
        _transport = new(_connections, new() { Standbys = 0 }, NullLogger.Instance);
    }

    public async Task DisposeAsync()
    {
        await _connections.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public void Heartbeat_FirstOfAll_BeginsAnEpochRankedByTime()
    {
        var reply = Beat("a");
        Assert.True(reply.Epoch.Number >= TimeProvider.System.GetUtcNow().AddMinutes(-1).ToUnixTimeMilliseconds());
        Assert.Equal(32, reply.Epoch.Nonce.Length);
        Assert.Equal((0, 0, 1), (reply.Sequence, reply.Floor, reply.Replicas));
        Assert.Equal(reply.Epoch, Beat("b").Epoch);
    }

    [Fact]
    public void Heartbeat_OtherIdAtTheSamePosition_IsAForkAndBeginsANewEpoch()
    {
        var epoch = Beat("a").Epoch;
        Append(epoch, "one");
        Assert.Equal(epoch, Beat("a", new(epoch, 1), "one").Epoch);
        var forked = Beat("a", new(epoch, 1), "another");
        Assert.True(forked.Epoch.Number > epoch.Number);
        Assert.Equal((0, 0), (forked.Sequence, forked.Lines.Count));
    }

    [Fact]
    public void Heartbeat_AheadOfTheLog_BeginsANewEpoch()
    {
        var epoch = Beat("a").Epoch;
        Append(epoch, "one");
        Assert.True(Beat("a", new(epoch, 2), "").Epoch.Number > epoch.Number);
    }

    [Fact]
    public void Heartbeat_RivalNonceOfTheSameRank_BeginsANewEpoch()
    {
        var epoch = Beat("a").Epoch;
        Assert.True(Beat("b", new(epoch with { Nonce = "rival" }, 0), "").Epoch.Number > epoch.Number);
    }

    [Fact]
    public async Task Heartbeat_NonceWithPatternCharacters_IsComparedAsText()
    {
        var epoch = new Epoch(Beat("a").Epoch.Number + 5, "a-b+c%d.");
        await _server.ExecuteAsync("HSET", Control, "n", epoch.Number, "nonce", epoch.Nonce);
        Assert.Equal(epoch, Beat("a").Epoch);
        Append(epoch, "one");
        Assert.True(Append(epoch, "one").Again);
    }

    [Fact]
    public void Heartbeat_EpochNewerThanTheServers_IsRefusedUnlessForced()
    {
        var epoch = Beat("a").Epoch;
        var newer = epoch with { Number = epoch.Number + 1_000_000, Nonce = "newer" };
        var refused = Assert.Throws<LogTransportException>(() => Beat("a", new(newer, 0), ""));
        Assert.Equal(LogFailure.StaleMaster, refused.Failure);
        Assert.Equal(LogFailure.StaleMaster, Assert.Throws<LogTransportException>(() => Append(newer, "one")).Failure);
        var forced = _transport.Heartbeat(new("a", new(newer, 0), "", s_lease, Force: true, null, 0));
        Assert.True(forced.Epoch.Number > newer.Number);
    }

    [Fact]
    public void Heartbeat_ManyLargeRecords_BringsThemInParts()
    {
        var epoch = Beat("a").Epoch;
        var json = $$"""{"version":1,"mode":"hard","keys":["{{new string('x', 20_000)}}"]}""";
        for (var i = 0; i < 40; i++) _transport.Append(new(epoch, $"id{i}", json, null));
        var reply = Beat("b");
        Assert.InRange(reply.Lines.Count, 10, 32);
        Assert.Equal(40, reply.Sequence);
        Assert.True(reply.Bytes > 800_000);
        Assert.Equal(Enumerable.Range(1, reply.Lines.Count).Select(i => (long)i), reply.Lines.Select(l => LogRecord.Parse(l)!.Sequence));
    }

    [Fact]
    public void Heartbeat_ShorterLeaseAfterALonger_LeavesTheLongerRegistered()
    {
        var epoch = Beat("a", lease: TimeSpan.FromSeconds(32)).Epoch;
        Beat("a", new(epoch, 0), "");
        Assert.Equal(TimeSpan.FromSeconds(32), Assert.Single(Append(epoch, "one").Registry.Replicas).Lease);
    }

    [Fact]
    public async Task Append_FirstAfterAFlush_BeginsTheEpochItself()
    {
        var epoch = Beat("a").Epoch;
        Append(epoch, "one");
        await _server.ExecuteAsync("FLUSHALL");
        var reply = Append(epoch, "one");
        Assert.True(reply.Position.Epoch.Number > epoch.Number);
        Assert.Equal((1, false, 0), (reply.Position.Sequence, reply.Again, reply.Registry.Replicas.Length));
    }

    [Fact]
    public async Task Append_IdOfAnOlderEpoch_IsRecordedAnew()
    {
        var epoch = Beat("a").Epoch;
        Append(epoch, "one");
        await _server.ExecuteAsync("HSET", Control, "life", "another");
        Assert.False(Append(epoch, "one").Again);
    }

    [Fact]
    public async Task AcknowledgeAsync_OtherEpochOrNotRegistered_CountsForNothing()
    {
        var epoch = Beat("a").Epoch;
        Append(epoch, "one");
        await _transport.AcknowledgeAsync(new(epoch with { Nonce = "other" }, 1), "a");
        await _transport.AcknowledgeAsync(new(epoch, 1), "stranger");
        var registry = await _transport.PollAsync(epoch);
        Assert.Equal(("a", -1), (Assert.Single(registry!.Replicas).Id, registry.Replicas[0].Acknowledged));
        await _transport.AcknowledgeAsync(new(epoch, 1), "a");
        Assert.Equal(1, Assert.Single((await _transport.PollAsync(epoch))!.Replicas).Acknowledged);
        Assert.Null(await _transport.PollAsync(epoch with { Nonce = "other" }));
    }

    [Fact]
    public async Task StrikeOffAsync_ReplicaThatCameBack_IsNotHitByItsOldRegistration()
    {
        var epoch = Beat("a").Epoch;
        var old = Assert.Single(Append(epoch, "one").Registry.Replicas).Registration;
        await _transport.StrikeOffAsync(epoch, "a", old);
        Assert.Empty(Append(epoch, "two").Registry.Replicas);
        Beat("a", new(epoch, 0), "");
        await _transport.StrikeOffAsync(epoch, "a", old);
        Assert.Single(Append(epoch, "three").Registry.Replicas);
        _transport.Leave(epoch, "a");
        Assert.Empty(Append(epoch, "four").Registry.Replicas);
    }

    [Fact]
    public async Task TrimAsync_BytesAndAge_RemoveTheOldestAndKeepTheLogWhole()
    {
        var epoch = Beat("a").Epoch;
        for (var i = 0; i < 10; i++) Append(epoch, $"id{i}");
        var bytes = Beat("b").Bytes;
        await _transport.TrimAsync(epoch, new(Records: 100, Bytes: (bytes / 2) + 1, OldestTime: 0));
        var halved = Beat("c");
        Assert.Equal(epoch, halved.Epoch);
        Assert.Equal((10, 5, 5), (halved.Sequence, halved.Floor, halved.Lines.Count));
        Assert.True(halved.Bytes <= (bytes / 2) + 1);
        await _transport.TrimAsync(epoch with { Nonce = "other" }, new(0, 0, 0));
        Assert.Equal(5, Beat("c").Lines.Count);
        await _transport.TrimAsync(epoch, new(Records: 100, bytes, OldestTime: long.MaxValue / 1024));
        var empty = Beat("d");
        Assert.Equal((epoch, 10, 10, 0), (empty.Epoch, empty.Floor, empty.Sequence, empty.Lines.Count));
        Assert.Equal(11, Append(epoch, "next").Position.Sequence);
    }

    [Fact]
    public async Task Heartbeat_ZsetWithARecordTooFew_BeginsANewEpoch()
    {
        var epoch = Beat("a").Epoch;
        for (var i = 0; i < 3; i++) Append(epoch, $"id{i}");
        await _server.ExecuteAsync("ZREMRANGEBYRANK", Records, 1, 1);
        Assert.True(Beat("a", new(epoch, 0), "").Epoch.Number > epoch.Number);
    }

    private HeartbeatReply Beat(string replica, Position? applied = null, string id = "", TimeSpan? lease = null) =>
        _transport.Heartbeat(new(replica, applied, id, lease ?? s_lease, Force: false, Mode: null, Started: 0));

    private AppendReply Append(Epoch epoch, string id) => _transport.Append(new(epoch, id, Json, Mode: null));
}
