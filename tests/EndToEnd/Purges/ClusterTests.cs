using System.Globalization;
using Processes;
using Xunit.Abstractions;

namespace EndToEnd.Purges;

/// <summary>The promise on a Redis Cluster that is resharded: the log's slot goes from master to master while purges go on.</summary>
public sealed class ClusterTests(ITestOutputHelper output)
{
    private const int PurgesBetween = 20;
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    private static TimeSpan Limit { get; } = TimeSpan.FromSeconds(
        int.TryParse(Environment.GetEnvironmentVariable("PURGE_FAULT_SECONDS"), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : 25);

    [RedisFact]
    public async Task Purges_SlotOfTheLogMovesBetweenMasters_AreRefusedOrTrue()
    {
        await using var cluster = await RedisCluster.StartAsync();
        await using var replicas = await ThreeReplicas.StartAsync(
            lease: "600ms", cluster.Masters[0], cluster.Address, new Dictionary<string, string?> { ["Consistency__Standbys"] = "0" });
        using var checker = new PurgeChecker(replicas.Origin, replicas.Urls, seed: 6);
        var running = checker.RunAsync(long.MaxValue, Limit);
        var moves = 0;
        while (true)
        {
            // Purges get through again before the next move.
            var before = checker.Report.Acknowledged;
            await Poll.UntilAsync(
                () => checker.Report.Acknowledged > before + PurgesBetween || running.IsCompleted, s_limit,
                () => $"no purge gets through after {moves} moves: {checker.Report}");
            if (running.IsCompleted) break;
            await cluster.MoveSlotOfAsync("{cacheproxy:log}:ctl", () => Task.Delay(s_pause, TimeProvider.System));
            moves++;
        }

        var report = await running;
        output.WriteLine($"{moves} moves: {report}");
        Assert.Empty(report.Violations);
        Assert.DoesNotContain("500", report.Refusals.Keys);
        Assert.True(moves >= 2, $"{moves} moves: {report}");
        Assert.True(report.Hits > report.Acknowledged / 10, report.ToString());
    }
}
