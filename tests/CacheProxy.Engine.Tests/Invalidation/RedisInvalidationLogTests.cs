using System.Collections.Concurrent;
using CacheProxy.Engine.Invalidation;
using Purge = CacheProxy.Engine.Invalidation.Invalidation;

namespace CacheProxy.Engine.Tests.Invalidation;

/// <summary>The log on a real Redis while all goes well.</summary>
public sealed class RedisInvalidationLogTests
{
    private static readonly Purge s_purge = new() { Tags = ["model:1"] };

    [Fact]
    public async Task AppendAsync_ThreeReplicas_AllHaveItWhenItReturns()
    {
        await using var cluster = await Cluster.StartAsync();
        var logs = await cluster.JoinSettledAsync(3);
        for (var i = 0; i < 50; i++)
        {
            var stamps = logs.Select(l => l.Current!.Position).ToArray();
            var receipt = await logs[i % 3].AppendAsync(s_purge, InvalidationSource.Event, null, default);
            Assert.Equal(i + 1, receipt.Position.Sequence);
            Assert.Equal((3, 0), (receipt.Confirmed, receipt.WaitedOut));
            for (var r = 0; r < 3; r++)
            {
                // What no lease protects is not served anyway.
                if (logs[r].TakeRight(out var snapshot) == ServingRight.None) continue;
                Assert.Equal(Verdict.Invalid, snapshot!.Check(stamps[r], "k", ["model:1"]));
                Assert.Equal(Verdict.Valid, snapshot.Check(receipt.Position, "k", ["model:1"]));
            }
        }
    }

    [Fact]
    public async Task AppendAsync_ConcurrentFromAllReplicas_EachHasItsPlace()
    {
        await using var cluster = await Cluster.StartAsync();
        var logs = await cluster.JoinSettledAsync(3);
        var receipts = await Task.WhenAll(Enumerable.Range(0, 300).Select(i => logs[i % 3].AppendAsync(new() { Keys = [$"k{i}"] }, InvalidationSource.Event, null, default)));
        Assert.Equal(Enumerable.Range(1, 300).Select(i => (long)i), receipts.Select(r => r.Position.Sequence).Order());
        await Poll.UntilAsync(() => logs.All(l => l.Current!.Applied == 300), "all replicas are level");
    }

    [Fact]
    public async Task AppendAsync_EqualPurges_AreTwoRecords()
    {
        await using var cluster = await Cluster.StartAsync();
        var logs = await cluster.JoinSettledAsync(1);
        var first = await logs[0].AppendAsync(s_purge, InvalidationSource.Operator, null, default);
        var second = await logs[0].AppendAsync(s_purge, InvalidationSource.Operator, null, default);
        Assert.Equal(first.Position.Sequence + 1, second.Position.Sequence);
        Assert.Equal(2, (int)await cluster.Server.ExecuteAsync("ZCARD", "{cacheproxy:log}:records"));
    }

    [Fact]
    public async Task AppendAsync_SameIdAgain_HasTheSamePosition()
    {
        await using var cluster = await Cluster.StartAsync();
        var logs = await cluster.JoinSettledAsync(2);
        var first = await logs[0].AppendAsync(s_purge, InvalidationSource.Event, "msg_1", default);
        var again = await logs[1].AppendAsync(s_purge, InvalidationSource.Event, "msg_1", default);
        Assert.Equal(first.Position, again.Position);
        Assert.Equal(2, again.Confirmed);
        var otherContent = await logs[1].AppendAsync(new() { Tags = ["model:2"] }, InvalidationSource.Event, "msg_1", default);
        var otherSource = await logs[1].AppendAsync(s_purge, InvalidationSource.Operator, "msg_1", default);
        Assert.Equal([2, 3], [otherContent.Position.Sequence, otherSource.Position.Sequence]);
    }

    [Fact]
    public async Task AppendAsync_YoungEpoch_WaitsTheQuarantineOut()
    {
        await using var cluster = await Cluster.StartAsync();
        var logs = await cluster.JoinAsync(1);
        var receipt = await logs[0].AppendAsync(s_purge, InvalidationSource.Event, null, default);
        Assert.True(receipt.Elapsed >= Cluster.QuickWait, $"Acknowledged after {receipt.Elapsed}, while leases of the epoch before could still be valid.");
        Assert.Equal((1, 0), (receipt.Confirmed, receipt.WaitedOut));
    }

    [Fact]
    public async Task AppendAsync_ReplicaThatAppliesNothing_IsWaitedOutAndStruckOff()
    {
        await using var cluster = await Cluster.StartAsync();
        var logs = await cluster.JoinSettledAsync(3);
        await using (await SuspendedApplier.OfAsync(logs[2]))
        {
            var receipt = await logs[0].AppendAsync(s_purge, InvalidationSource.Event, null, default);
            Assert.Equal((2, 1), (receipt.Confirmed, receipt.WaitedOut));
            Assert.Equal(ServingRight.None, logs[2].TakeRight(out _));
            await Poll.UntilAsync(() => logs[0].Status.Replicas == 2, "it is off the registry");
            var next = await logs[0].AppendAsync(s_purge, InvalidationSource.Event, null, default);
            Assert.Equal((2, 0), (next.Confirmed, next.WaitedOut));
        }

        await Cluster.LeasedAsync(logs);
        Assert.Equal(2, logs[2].Current!.Applied);
        var last = await logs[0].AppendAsync(s_purge, InvalidationSource.Event, null, default);
        Assert.Equal((3, 0), (last.Confirmed, last.WaitedOut));
    }

    [Fact]
    public async Task Stop_Replica_IsNotWaitedFor()
    {
        await using var cluster = await Cluster.StartAsync();
        var logs = await cluster.JoinSettledAsync(2);
        logs[1].Stop();
        Assert.Equal(ServingRight.None, logs[1].TakeRight(out _));
        var receipt = await logs[0].AppendAsync(s_purge, InvalidationSource.Event, null, default);
        Assert.Equal((1, 0), (receipt.Confirmed, receipt.WaitedOut));
    }

    [Fact]
    public async Task Join_LaterThanRecords_KnowsThem()
    {
        await using var cluster = await Cluster.StartAsync();
        var logs = await cluster.JoinSettledAsync(1);
        for (var i = 0; i < 2_500; i++) await logs[0].AppendAsync(new() { Keys = [$"k{i}"] }, InvalidationSource.Event, null, default);
        var late = cluster.Join();
        await Cluster.LeasedAsync(late);
        Assert.Equal(logs[0].Current!.Position, late.Current!.Position);
        Assert.Equal(0, late.Current.Base);
        Assert.Equal(Verdict.Invalid, late.Current.Check(new(late.Current.Epoch, 0), "k0", []));
        Assert.Equal(Verdict.Valid, late.Current.Check(new(late.Current.Epoch, 0), "never purged", []));
    }

    [Fact]
    public async Task AppendAsync_LogLongerThanItsLimit_RaisesTheFloor()
    {
        await using var cluster = await Cluster.StartAsync(Cluster.Quick with { LogLimit = 100 });
        var logs = await cluster.JoinSettledAsync(1);
        for (var i = 0; i < 300; i++) await logs[0].AppendAsync(new() { Keys = [$"k{i}"] }, InvalidationSource.Event, null, default);
        await Poll.UntilAsync(async () => (long)await cluster.Server.ExecuteAsync("ZCARD", "{cacheproxy:log}:records") <= 100, "the log is trimmed");
        var epoch = logs[0].Current!.Epoch;
        var late = cluster.Join();
        await Cluster.LeasedAsync(late);
        Assert.Equal(epoch, late.Current!.Epoch);
        Assert.True(late.Current.Base >= 200);
        Assert.Equal(300, late.Current.Applied);
        Assert.Equal(Verdict.Invalid, late.Current.Check(new(epoch, late.Current.Base - 1), "never purged", []));
    }

    [Fact]
    public async Task OnRecord_RecordOfANewerVersion_PurgesEverything()
    {
        await using var cluster = await Cluster.StartAsync();
        var logs = await cluster.JoinSettledAsync(2);
        var stamp = logs[1].Current!.Position;
        var heard = new ConcurrentQueue<Purge>();
        logs[1].Subscribe(heard.Enqueue);
        await cluster.Server.ExecuteAsync(
            "EVAL",
            """
            local n, nonce = redis.call('HGET', KEYS[1], 'n'), redis.call('HGET', KEYS[1], 'nonce')
            local record = '1 other 1700000000 {"version":7,"mode":"gentle","groups":["a"]}'
            redis.call('ZADD', KEYS[2], 1, record)
            redis.call('HSET', KEYS[1], 'seq', 1)
            redis.call('PUBLISH', 'cacheproxy:log', n .. ' ' .. nonce .. ' ' .. record)
            """,
            2, "{cacheproxy:log}:ctl", "{cacheproxy:log}:records");
        await Poll.UntilAsync(() => logs.All(l => l.Current!.Applied == 1), "the record is applied");
        Assert.Equal(Verdict.Invalid, logs[1].Current!.Check(stamp, "anything", []));
        await Poll.UntilAsync(() => !heard.IsEmpty, "the listener has heard");
        Assert.True(Assert.Single(heard).Everything);
    }

    [Fact]
    public async Task OnRecord_GapInThePushes_IsFilledByAHeartbeat()
    {
        await using var cluster = await Cluster.StartAsync();
        var logs = await cluster.JoinSettledAsync(1);
        await cluster.Server.ExecuteAsync(
            "EVAL",
            """
            local n, nonce = redis.call('HGET', KEYS[1], 'n'), redis.call('HGET', KEYS[1], 'nonce')
            for i = 1, 3 do
              local record = i .. ' id' .. i .. ' 1700000000 {"version":1,"mode":"hard","keys":["k' .. i .. '"]}'
              redis.call('ZADD', KEYS[2], i, record)
              redis.call('HSET', KEYS[1], 'seq', i)
              if i == 3 then redis.call('PUBLISH', 'cacheproxy:log', n .. ' ' .. nonce .. ' ' .. record) end
            end
            """,
            2, "{cacheproxy:log}:ctl", "{cacheproxy:log}:records");
        await Poll.UntilAsync(() => logs[0].Current!.Applied == 3, "the gap is filled");
        foreach (var key in (string[])["k1", "k2", "k3"])
            Assert.Equal(Verdict.Invalid, logs[0].Current!.Check(new(logs[0].Current!.Epoch, 0), key, []));
        Assert.Equal(Verdict.Valid, logs[0].Current!.Check(new(logs[0].Current!.Epoch, 0), "k4", []));
    }

    [Fact]
    public async Task AppendAsync_PushesCutOff_IsAcknowledgedThroughHeartbeats()
    {
        await using var cluster = await Cluster.StartAsync();
        var logs = await cluster.JoinSettledAsync(2);
        for (var i = 0; i < 5; i++)
        {
            await cluster.Server.ExecuteAsync("CLIENT", "KILL", "TYPE", "pubsub");
            var stamp = logs[1].Current!.Position;
            await logs[0].AppendAsync(s_purge, InvalidationSource.Event, null, default);
            if (logs[1].TakeRight(out var snapshot) != ServingRight.None) Assert.Equal(Verdict.Invalid, snapshot!.Check(stamp, "k", ["model:1"]));
        }

        await Cluster.LeasedAsync(logs);
    }

    [Fact]
    public async Task SetModeAsync_OneReplica_ReachesAllAndSurvivesAFlush()
    {
        await using var cluster = await Cluster.StartAsync();
        var logs = await cluster.JoinAsync(2);
        await logs[0].SetModeAsync("metrics", CacheMode.Off, TimeSpan.FromHours(1), default);
        Assert.Equal(CacheMode.Off, logs[0].For("metrics"));
        await Poll.UntilAsync(() => logs[1].For("metrics") == CacheMode.Off, "the other replica knows");
        var epoch = logs[1].Current!.Epoch;
        await cluster.Server.ExecuteAsync("FLUSHALL");
        await Poll.UntilAsync(() => logs.All(l => l.Current!.Epoch.Number > epoch.Number), "a new epoch");
        Assert.True((long)await cluster.Server.ExecuteAsync("PTTL", "{cacheproxy:log}:mode") > 3_500_000);
        Assert.Equal(CacheMode.Off, logs[1].For("metrics"));
        await logs[1].SetModeAsync("metrics", null, null, default);
        await Poll.UntilAsync(() => logs[0].For("metrics") is null, "taken back everywhere");
    }

    [Fact]
    public async Task Metrics_AfterAPurge_SayWhatHappened()
    {
        await using var cluster = await Cluster.StartAsync();
        var metrics = Cluster.NewMetrics();
        var log = cluster.Join(metrics: metrics);
        await Cluster.LeasedAsync(log);
        await log.AppendAsync(s_purge with { Mode = InvalidationMode.Soft }, InvalidationSource.Event, null, default);
        Assert.Equal(1, metrics.Invalidations.WithLabels("event", "soft").Value);
        Assert.Equal(1, metrics.InvalidationAck.Count);
        Assert.Equal(1, metrics.LogPosition.Value);
        await Poll.UntilAsync(() => metrics.LeaseValid.Value == 1 && metrics.Replicas.Value == 1, "lease and replicas are shown");
    }
}
