using System.Globalization;
using Processes;
using StackExchange.Redis;
using Xunit.Abstractions;

namespace EndToEnd.Purges;

/// <summary>
/// The promise, on three real processes and a real Redis: no read that starts after an acknowledged purge sees what was purged. With faults,
/// purges may be refused, and never falsely acknowledged. <c>PURGES</c> and <c>PURGE_SECONDS</c> make runs longer: see <c>tests/purges.sh</c>.
/// </summary>
public sealed class PurgeTests(ITestOutputHelper output)
{
    private static long Purges { get; } = Setting("PURGES") ?? 10_000;

    // Not how long it takes, but how long it may take: a slow machine gets through all of them, too.
    private static TimeSpan Limit { get; } = TimeSpan.FromSeconds(Setting("PURGE_SECONDS") ?? 300);

    private static TimeSpan FaultLimit { get; } = TimeSpan.FromSeconds(Setting("PURGE_FAULT_SECONDS") ?? 10);

    [RedisFact]
    public async Task Purges_RacingReadersOnThreeReplicas_NothingOlderIsSeen()
    {
        await using var replicas = await ThreeReplicas.StartAsync();
        using var checker = new PurgeChecker(replicas.Origin, replicas.Urls, seed: 1);

        var report = await checker.RunAsync(Purges, Limit);

        output.WriteLine(report.ToString());
        Assert.Empty(report.Violations);
        Assert.DoesNotContain("500", report.Refusals.Keys);
        Assert.True(report.Acknowledged >= Purges, report.ToString());
        Assert.True(report.Hits > report.Acknowledged / 10, report.ToString());
    }

    [RedisTheory]
    [InlineData("redis killed and restarted empty")]
    [InlineData("redis suspended")]
    [InlineData("proxy suspended")]
    [InlineData("flushed")]
    [InlineData("our keys evicted")]
    [InlineData("pub/sub cut")]
    [InlineData("proxy killed")]
    public async Task Purges_UnderFaults_AreRefusedOrTrue(string fault)
    {
        await using var replicas = await ThreeReplicas.StartAsync(lease: "600ms");
        using var checker = new PurgeChecker(replicas.Origin, replicas.Urls, seed: 2);
        using var ends = new CancellationTokenSource();
        var faults = Task.Run(() => RepeatAsync(replicas, fault, ends.Token));

        var report = await checker.RunAsync(long.MaxValue, FaultLimit);
        await ends.CancelAsync();
        await faults;

        output.WriteLine($"{fault}: {report}");
        Assert.Empty(report.Violations);
        Assert.DoesNotContain("500", report.Refusals.Keys);
        Assert.True(report.Acknowledged > 0, report.ToString());
    }

    [RedisFact]
    public async Task Purges_RedisRestartedFromAnOldSnapshot_AreRefusedOrTrue()
    {
        await using var redis = await RedisServer.StartAsync(null, "--dbfilename", "old.rdb");
        await using var replicas = await ThreeReplicas.StartAsync(lease: "600ms", redis);
        using var checker = new PurgeChecker(replicas.Origin, replicas.Urls, seed: 3);
        var running = checker.RunAsync(long.MaxValue, FaultLimit);
        await After(FaultLimit / 5);
        await CommandAsync(redis.Address, c => c.ExecuteAsync("SAVE"));
        var folder = (string)((RedisResult[])(await CommandAsync(redis.Address, c => c.ExecuteAsync("CONFIG", "GET", "dir")))!)[1]!;
        await After(FaultLimit / 5);
        await redis.KillAsync();
        replicas.Redis = await RedisServer.StartAsync(redis.Port, "--dir", folder, "--dbfilename", "old.rdb");

        var report = await running;

        output.WriteLine(report.ToString());
        Assert.Empty(report.Violations);
        Assert.DoesNotContain("500", report.Refusals.Keys);
        Assert.True(report.Acknowledged > 0, report.ToString());
    }

    private static async Task RepeatAsync(ThreeReplicas replicas, string fault, CancellationToken ends)
    {
        var random = new Random(4);
        while (!ends.IsCancellationRequested)
        {
            await After(TimeSpan.FromSeconds(1.5));
            if (ends.IsCancellationRequested) return;
            var redis = replicas.Redis;
            switch (fault)
            {
                case "redis killed and restarted empty":
                    await redis.KillAsync();
                    await After(TimeSpan.FromMilliseconds(random.Next(0, 1_500)));
                    replicas.Redis = await RedisServer.StartAsync(redis.Port);
                    break;
                case "redis suspended":
                    redis.Suspend();
                    await After(TimeSpan.FromMilliseconds(random.Next(100, 2_000)));
                    redis.Resume();
                    break;
                case "proxy suspended":
                    var proxy = replicas.Proxies[random.Next(replicas.Proxies.Count)];
                    proxy.Suspend();
                    await After(TimeSpan.FromMilliseconds(random.Next(100, 2_500)));
                    proxy.Resume();
                    break;
                case "proxy killed":
                    await replicas.Proxies[0].KillAsync();
                    return;
                case "flushed":
                    await CommandAsync(redis.Address, c => c.ExecuteAsync("FLUSHALL"));
                    break;
                case "our keys evicted":
                    await CommandAsync(redis.Address, c => c.KeyDeleteAsync(random.Next(2) == 0 ? "{cacheproxy:log}:ctl" : "{cacheproxy:log}:records"));
                    break;
                case "pub/sub cut":
                    await CommandAsync(redis.Address, c => c.ExecuteAsync("CLIENT", "KILL", "TYPE", "pubsub"));
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(fault), fault, "This fault is not known.");
            }
        }
    }

    private static async Task<T> CommandAsync<T>(string address, Func<IDatabase, Task<T>> command)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(address + ",allowAdmin=true,abortConnect=true");
        return await command(connection.GetDatabase());
    }

    private static Task After(TimeSpan pause) => Task.Delay(pause, TimeProvider.System);

    private static int? Setting(string name) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
}
