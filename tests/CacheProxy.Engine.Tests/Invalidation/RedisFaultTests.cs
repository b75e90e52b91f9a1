using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Redis;
using Purge = CacheProxy.Engine.Invalidation.Invalidation;

namespace CacheProxy.Engine.Tests.Invalidation;

/// <summary>The log while Redis dies, hangs, forgets or refuses.</summary>
public sealed class RedisFaultTests
{
    private static readonly Purge s_purge = new() { Tags = ["model:1"] };

    [Fact]
    public async Task FlushAll_Redis_BeginsANewEpochAndInvalidatesEverything()
    {
        await using var cluster = await Cluster.StartAsync();
        var logs = await cluster.JoinSettledAsync(2);
        var stamp = logs[0].Current!.Position;
        await cluster.Server.ExecuteAsync("FLUSHALL");
        // Nothing that was purged in the new epoch may be served out of the old one, whoever has heard of it by then.
        await logs[0].AppendAsync(s_purge, InvalidationSource.Event, null, default);
        foreach (var log in logs)
            if (log.TakeRight(out var snapshot) != ServingRight.None) Assert.Equal(Verdict.Invalid, snapshot!.Check(stamp, "anything", []));
        await Cluster.LeasedAsync(logs);
        Assert.All(logs, l => Assert.True(l.Current!.Epoch.Number > stamp.Epoch.Number));
        Assert.Equal(logs[0].Current!.Epoch, logs[1].Current!.Epoch);
    }

    [Theory]
    [InlineData("{cacheproxy:log}:records")]
    [InlineData("{cacheproxy:log}:ctl")]
    public async Task Evicted_KeyOfTheLog_BeginsANewEpoch(string key)
    {
        await using var cluster = await Cluster.StartAsync();
        var logs = await cluster.JoinSettledAsync(1);
        await logs[0].AppendAsync(s_purge, InvalidationSource.Event, null, default);
        var epoch = logs[0].Current!.Epoch;
        await cluster.Server.ExecuteAsync("DEL", key);
        await Poll.UntilAsync(() => logs[0].Current!.Epoch.Number > epoch.Number, "a new epoch");
    }

    [Fact]
    public async Task Kill_Redis_LeaseLapsesPurgesAreRefusedAndARestartIsANewEpoch()
    {
        await using var cluster = await Cluster.StartAsync();
        var logs = await cluster.JoinSettledAsync(2);
        var epoch = logs[0].Current!.Epoch;
        await cluster.Server.KillAsync();
        var refused = await Assert.ThrowsAsync<InvalidationNotRecordedException>(() => logs[0].AppendAsync(s_purge, InvalidationSource.Event, "id", default));
        Assert.True(refused.RetryAfter > TimeSpan.Zero);
        await Poll.UntilAsync(() => logs.All(l => l.TakeRight(out _) == ServingRight.None), "no lease is left");
        Assert.All(logs, l => Assert.NotNull(l.Status.Problem));
        // The state stays, since entries may still be stored with its stamp.
        Assert.NotNull(logs[0].Current);

        await cluster.Server.RestartAsync();
        await Cluster.LeasedAsync(logs);
        Assert.All(logs, l => Assert.True(l.Current!.Epoch.Number > epoch.Number));
        var receipt = await logs[0].AppendAsync(s_purge, InvalidationSource.Event, "id", default);
        Assert.Equal(2, receipt.Confirmed);
    }

    [Fact]
    public async Task Restart_WithItsOldData_IsANewEpoch()
    {
        await using var cluster = await Cluster.StartAsync();
        var logs = await cluster.JoinSettledAsync(1);
        await logs[0].AppendAsync(s_purge, InvalidationSource.Event, null, default);
        await cluster.Server.ExecuteAsync("SAVE");
        var before = await logs[0].AppendAsync(s_purge, InvalidationSource.Event, null, default);
        await cluster.Server.RestartAsync();
        await Poll.UntilAsync(() => logs[0].Current!.Epoch.Number > before.Position.Epoch.Number, "a new epoch");
        await Cluster.LeasedAsync(logs);
    }

    [Fact]
    public async Task Pause_Redis_LeaseLapsesWithoutAnErrorAndComesBack()
    {
        await using var cluster = await Cluster.StartAsync();
        var logs = await cluster.JoinSettledAsync(1);
        var epoch = logs[0].Current!.Epoch;
        await cluster.Server.PauseAsync();
        var started = BootClock.System.Now;
        await Poll.UntilAsync(() => logs[0].TakeRight(out _) == ServingRight.None, "no lease is left");
        Assert.True(BootClock.System.Now - started < 2 * BootClock.Nanoseconds(Cluster.Quick.Lease));
        await Assert.ThrowsAsync<InvalidationNotRecordedException>(() => logs[0].AppendAsync(s_purge, InvalidationSource.Event, null, default));
        await cluster.Server.ContinueAsync();
        await Cluster.LeasedAsync(logs);
        Assert.Equal(epoch, logs[0].Current!.Epoch);
    }

    [Fact]
    public async Task Start_WithoutRedis_JoinsWhenItComes()
    {
        await using var cluster = await Cluster.StartAsync();
        await cluster.Server.KillAsync();
        var log = cluster.Join();
        Assert.Equal(ServingRight.None, log.TakeRight(out _));
        await Assert.ThrowsAsync<InvalidationNotRecordedException>(() => log.AppendAsync(s_purge, InvalidationSource.Event, null, default));
        await Poll.UntilAsync(() => log.Status.Problem?.Contains("cannot be reached", StringComparison.Ordinal) == true, "the problem is named");
        Assert.Null(log.Current);
        await cluster.Server.RestartAsync();
        await Cluster.LeasedAsync(log);
    }

    [Fact]
    public async Task AppendAfterChangeAsync_WithoutRedis_HoldsThePurgeAndTheLease()
    {
        await using var cluster = await Cluster.StartAsync();
        var metrics = Cluster.NewMetrics();
        var log = cluster.Join(metrics: metrics);
        var other = cluster.Join();
        await Cluster.LeasedAsync(log, other);
        await Cluster.SettledAsync(log, other);
        var stamp = log.Current!.Position;
        await cluster.Server.PauseAsync();
        await log.AppendAfterChangeAsync(s_purge, InvalidationSource.UnsafeRequest);
        Assert.Equal(ServingRight.None, log.TakeRight(out _));
        Assert.Equal(Verdict.Invalid, log.Current!.Check(stamp, "k", ["model:1"]));
        Assert.Equal(Verdict.Valid, log.Current.Check(stamp, "k", ["model:2"]));
        Assert.Equal((1, 1d), (log.Status.Pending, metrics.InvalidationsPending.Value));

        await cluster.Server.ContinueAsync();
        await Cluster.LeasedAsync(log, other);
        Assert.True(log.Current!.Applied >= 1);
        Assert.Equal(0, log.Status.Pending);
        Assert.Equal(Verdict.Invalid, log.Current.Check(stamp, "k", ["model:1"]));
        Assert.Equal(Verdict.Valid, log.Current.Check(log.Current.Position, "k", ["model:1"]));
        await Poll.UntilAsync(() => other.Current!.Applied == log.Current.Applied, "the other replica has it");
        Assert.Equal(Verdict.Invalid, other.Current!.Check(stamp, "k", ["model:1"]));
    }

    [Fact]
    public async Task OnLostLease_Serve_MemoryAnswersAndPurgesWaitForIt()
    {
        await using var cluster = await Cluster.StartAsync(Cluster.Quick with { OnLostLease = OnLostLease.Serve, ServeFor = TimeSpan.FromSeconds(1) });
        var logs = await cluster.JoinSettledAsync(2);
        await using var suspended = await SuspendedApplier.OfAsync(logs[1]);
        await Poll.UntilAsync(() => logs[1].TakeRight(out _) == ServingRight.MemoryOnly, "memory only");
        var receipt = await logs[0].AppendAsync(s_purge, InvalidationSource.Event, null, default);
        Assert.Equal((1, 1), (receipt.Confirmed, receipt.WaitedOut));
        Assert.True(receipt.Elapsed >= TimeSpan.FromSeconds(1.6));
        Assert.Equal(ServingRight.None, logs[1].TakeRight(out _));
    }

    [Fact]
    public async Task Full_Redis_GivesNoLeaseAndRefusesPurges()
    {
        await using var cluster = await Cluster.StartAsync();
        var logs = await cluster.JoinSettledAsync(1);
        await cluster.Server.ExecuteAsync("CONFIG", "SET", "maxmemory", "1");
        var refused = await Assert.ThrowsAsync<InvalidationNotRecordedException>(() => logs[0].AppendAsync(s_purge, InvalidationSource.Event, null, default));
        Assert.Contains("is full", refused.Message, StringComparison.Ordinal);
        await Poll.UntilAsync(() => logs[0].TakeRight(out _) == ServingRight.None, "no lease is left");
        await cluster.Server.ExecuteAsync("CONFIG", "SET", "maxmemory", "0");
        await Cluster.LeasedAsync(logs);
    }

    [Theory]
    [InlineData("-info", "INFO")]
    [InlineData("-publish", "PUBLISH")]
    [InlineData("-zadd", "ZADD")]
    [InlineData("-@dangerous", "INFO")]
    public async Task Start_UserWithoutARight_NamesItAndGivesNoLease(string withhold, string missing)
    {
        await using var cluster = await Cluster.StartAsync();
        await cluster.Server.ExecuteAsync("ACL", "SETUSER", "weak", "on", ">pw", "~*", "&*", "+@all", withhold);
        var log = cluster.Join($"redis://weak:pw@{cluster.Server.Address}");
        await Poll.UntilAsync(() => log.Status.Problem?.Contains("ACL SETUSER", StringComparison.Ordinal) == true, "the remedy is named");
        Assert.Contains(missing, log.Status.Problem!, StringComparison.Ordinal);
        Assert.Equal(ServingRight.None, log.TakeRight(out _));
        await cluster.Server.ExecuteAsync("ACL", "SETUSER", "weak", "+@all");
        await Cluster.LeasedAsync(log);
    }

    [Fact]
    public async Task Start_UserOfTheNamedAclLine_GetsALeaseAndPurges()
    {
        await using var cluster = await Cluster.StartAsync();
        var words = RedisRights.AclLine("cacheproxy:").Split(' ');
        await cluster.Server.ExecuteAsync("ACL", [.. words[1..]]);
        var log = cluster.Join($"redis://cacheproxy:password@{cluster.Server.Address}");
        await Cluster.LeasedAsync(log);
        await log.AppendAsync(s_purge, InvalidationSource.Event, null, default);
        await log.SetModeAsync("*", CacheMode.Off, null, default);
        log.Stop();
    }

    [Fact]
    public async Task Start_WrongPassword_SaysSoWithoutIt()
    {
        await using var cluster = await Cluster.StartAsync(null, "--requirepass", "right");
        var log = cluster.Join($"redis://:very-wrong@{cluster.Server.Address}");
        await Poll.UntilAsync(() => log.Status.Problem?.Contains("Redis", StringComparison.Ordinal) == true, "the problem is named");
        Assert.DoesNotContain("very-wrong", log.Status.Problem!, StringComparison.Ordinal);
        Assert.Equal(ServingRight.None, log.TakeRight(out _));
    }

    [Fact]
    public async Task ScriptFlush_Redis_CostsNothing()
    {
        await using var cluster = await Cluster.StartAsync();
        var logs = await cluster.JoinSettledAsync(2);
        await cluster.Server.ExecuteAsync("SCRIPT", "FLUSH");
        var receipt = await logs[0].AppendAsync(s_purge, InvalidationSource.Event, null, default);
        Assert.Equal((2, 0), (receipt.Confirmed, receipt.WaitedOut));
    }
}
