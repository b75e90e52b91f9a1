using System.Globalization;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Redis;
using CacheProxy.Engine.Tests.Redis;
using CsCheck;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis;
using Purge = CacheProxy.Engine.Invalidation.Invalidation;

namespace CacheProxy.Engine.Tests.Invalidation;

/// <summary>Standbys, masters that are not, lost subscriptions, hosting.</summary>
public sealed class RedisTopologyTests
{
    private static readonly Purge s_purge = new() { Tags = ["model:1"] };

    [Fact]
    public async Task Start_ServerWithAStandbyThatNobodySpokeOf_GivesNoLease()
    {
        await using var cluster = await Cluster.StartAsync(Cluster.Quick with { Standbys = null });
        await using var standby = await StandbyOfAsync(cluster.Server);
        var log = cluster.Join();
        await Poll.UntilAsync(() => log.Status.Problem?.Contains("Consistency:Standbys", StringComparison.Ordinal) == true, "the setting is named");
        Assert.Equal(ServingRight.None, log.TakeRight(out _));
    }

    [Fact]
    public async Task AppendAsync_StandbyIsGone_IsRefusedAndTheLeaseLapses()
    {
        await using var cluster = await Cluster.StartAsync(Cluster.Quick with { Standbys = 1 });
        var standby = await StandbyOfAsync(cluster.Server);
        var logs = await cluster.JoinSettledAsync(2);
        var receipt = await logs[0].AppendAsync(s_purge, InvalidationSource.Event, null, default);
        Assert.Equal((2, 0), (receipt.Confirmed, receipt.WaitedOut));
        Assert.Equal(1, (int)await standby.ExecuteAsync("ZCARD", "{cacheproxy:log}:records"));

        await standby.PauseAsync();
        await Assert.ThrowsAsync<InvalidationNotRecordedException>(() => logs[0].AppendAsync(s_purge, InvalidationSource.Event, null, default));
        await Poll.UntilAsync(() => logs.All(l => l.TakeRight(out _) == ServingRight.None), "no lease is left");
        await standby.ContinueAsync();
        await Cluster.LeasedAsync(logs);
        await standby.DisposeAsync();
    }

    [Fact]
    public async Task Heartbeat_ServerFellBackBehindTheEpoch_IsRotatedAwayFromAfterTwoLeases()
    {
        await using var cluster = await Cluster.StartAsync();
        var logs = await cluster.JoinSettledAsync(1);
        var epoch = logs[0].Current!.Epoch;
        await cluster.Server.ExecuteAsync("HSET", "{cacheproxy:log}:ctl", "n", (epoch.Number - 5).ToString(CultureInfo.InvariantCulture), "nonce", "older");
        await Poll.UntilAsync(() => logs[0].TakeRight(out _) == ServingRight.None, "no lease is left");
        await Cluster.LeasedAsync(logs);
        Assert.True(logs[0].Current!.Epoch.Number > epoch.Number);
    }

    [Fact]
    public async Task Heartbeat_ServerBecameAReplica_GivesNoLease()
    {
        await using var cluster = await Cluster.StartAsync();
        await using var other = await RedisServer.StartAsync();
        var logs = await cluster.JoinSettledAsync(1);
        var epoch = logs[0].Current!.Epoch;
        await cluster.Server.ExecuteAsync("CONFIG", "SET", "replica-read-only", "no");
        await cluster.Server.ExecuteAsync("REPLICAOF", "127.0.0.1", other.Port);
        await Poll.UntilAsync(() => logs[0].TakeRight(out _) == ServingRight.None, "no lease is left");
        await Assert.ThrowsAsync<InvalidationNotRecordedException>(() => logs[0].AppendAsync(s_purge, InvalidationSource.Event, null, default));
        await cluster.Server.ExecuteAsync("REPLICAOF", "NO", "ONE");
        await Cluster.LeasedAsync(logs);
        Assert.True(logs[0].Current!.Epoch.Number > epoch.Number);
    }

    [Fact]
    public async Task Heartbeat_SubscriptionLostForGood_ListensAgain()
    {
        await using var cluster = await Cluster.StartAsync();
        await cluster.Server.ExecuteAsync("ACL", "SETUSER", "deaf", "on", ">pw", "~*", "&*", "+@all");
        var writer = cluster.Join();
        var deaf = cluster.Join($"redis://deaf:pw@{cluster.Server.Address}");
        await Cluster.LeasedAsync(writer, deaf);
        await Cluster.SettledAsync(writer, deaf);
        await cluster.Server.ExecuteAsync("ACL", "SETUSER", "deaf", "-subscribe");
        await cluster.Server.ExecuteAsync("CLIENT", "KILL", "USER", "deaf");
        // Its heartbeats go on. When they alone have brought records for a while, it tries to subscribe again, and may not.
        await Poll.UntilAsync(
            async () =>
            {
                await writer.AppendAsync(s_purge, InvalidationSource.Event, null, default);
                return deaf.Status.Problem?.Contains("ACL SETUSER", StringComparison.Ordinal) == true;
            },
            "the missing right is named");
        await cluster.Server.ExecuteAsync("ACL", "SETUSER", "deaf", "+subscribe");
        await Cluster.LeasedAsync(deaf);
        var quick = 0;
        await Poll.UntilAsync(
            async () =>
            {
                var receipt = await writer.AppendAsync(s_purge, InvalidationSource.Event, null, default);
                quick = receipt.Elapsed < TimeSpan.FromMilliseconds(100) ? quick + 1 : 0;
                return quick >= 3;
            },
            "purges come by push again");
    }

    [Fact]
    public async Task AddInvalidation_Host_JoinsAtStartAndLeavesAtTheEnd()
    {
        await using var cluster = await Cluster.StartAsync();
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(Cluster.NewMetrics());
        services.AddInvalidation(Cluster.Quick, new() { ConnectionString = RedisConnectionString.Parse(cluster.Server.Address), Timeout = TimeSpan.FromSeconds(1) });
        await using var provider = services.BuildServiceProvider();
        var hosted = Assert.Single(provider.GetServices<IHostedService>());
        await hosted.StartAsync(default);
        var log = provider.GetRequiredService<IInvalidationLog>();
        await Poll.UntilAsync(() => log.TakeRight(out _) == ServingRight.Full, "a lease");
        Assert.Same(log, provider.GetRequiredService<IModeSwitch>());
        await hosted.StopAsync(default);
        Assert.Equal(ServingRight.None, log.TakeRight(out _));
        var fields = (string[])(await cluster.Server.ExecuteAsync("HKEYS", "{cacheproxy:log}:ctl"))!;
        Assert.DoesNotContain(fields, f => f.StartsWith("r:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AddInvalidation_WithoutRedis_IsLocal()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(Cluster.NewMetrics());
        services.AddInvalidation(new(), new());
        await using var provider = services.BuildServiceProvider();
        Assert.IsType<LocalInvalidationLog>(provider.GetRequiredService<IInvalidationLog>());
        Assert.Empty(provider.GetServices<IHostedService>());
        Assert.Contains("Consistency:Lease", Assert.Throws<ArgumentException>(() => services.AddInvalidation(new() { Lease = TimeSpan.Zero }, new())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task IsMatch_PatternsAndNames_AgreesWithARealRedis()
    {
        await using var server = await RedisServer.StartAsync();
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"{server.Address},allowAdmin=true");
        const string Alphabet = @"ab-]c[*?\^:";
        var names = Gen.String[Gen.Char[Alphabet], 1, 6].Array[200].Single().Distinct(StringComparer.Ordinal).ToArray();
        var patterns = Gen.String[Gen.Char[Alphabet], 1, 8].Array[3_000].Single();
        await Task.WhenAll(names.Select(n => connection.GetDatabase().StringSetAsync(n, "")));
        var replies = await Task.WhenAll(patterns.Select(p => connection.GetDatabase().ExecuteAsync("KEYS", p)));
        for (var i = 0; i < patterns.Length; i++)
        {
            var glob = GlobPattern.Parse(patterns[i]);
            var ours = names.Where(n => glob.IsMatch(n)).Order(StringComparer.Ordinal);
            var theirs = ((string[])replies[i]!).Order(StringComparer.Ordinal);
            Assert.True(ours.SequenceEqual(theirs), $"'{patterns[i]}': ours [{string.Join(' ', ours)}], Redis' [{string.Join(' ', theirs)}].");
            Assert.All(ours, n => Assert.StartsWith(glob.LiteralPrefix, n, StringComparison.Ordinal));
        }
    }

    private static async Task<RedisServer> StandbyOfAsync(RedisServer master)
    {
        await master.ExecuteAsync("CONFIG", "SET", "repl-diskless-sync-delay", "0");
        var standby = await RedisServer.StartAsync("--replicaof", $"127.0.0.1 {master.Port}");
        await Poll.UntilAsync(
            async () => (await master.ExecuteAsync("INFO", "replication")).ToString()!.Contains("state=online", StringComparison.Ordinal), "the standby is online");
        return standby;
    }
}
