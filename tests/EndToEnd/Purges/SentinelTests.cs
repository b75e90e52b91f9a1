using EndToEnd.Wire;
using Processes;
using Xunit.Abstractions;

namespace EndToEnd.Purges;

/// <summary>The promise while Sentinel promotes a standby: with <c>Consistency:Standbys</c>, and an old master that may come back.</summary>
public sealed class SentinelTests(ITestOutputHelper output)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    [RedisTheory]
    [InlineData("the master is killed")]
    [InlineData("the master hangs and comes back")]
    public async Task Purges_StandbyPromoted_AreRefusedOrTrue(string fault)
    {
        await using var master = await RedisServer.StartAsync(null, "--repl-diskless-sync-delay", "0");
        await using var standby = await Sentinel.StartStandbyAsync(null, master);
        await using var sentinel = await Sentinel.StartAsync(master.Port);
        await using var replicas = await ThreeReplicas.StartAsync(
            lease: "600ms", master, sentinel.Address, new Dictionary<string, string?> { ["Consistency__Standbys"] = "1" });
        using var checker = new PurgeChecker(replicas.Origin, replicas.Urls, seed: 5);
        var running = checker.RunAsync(long.MaxValue, TimeSpan.FromSeconds(25));
        await Poll.UntilAsync(() => checker.Report.Acknowledged > 50, s_limit, () => $"no purge gets through: {checker.Report}");

        RedisServer? third = null;
        if (fault == "the master is killed") await master.KillAsync();
        else master.Suspend();
        await sentinel.PromotesAsync(standby);
        // A purge needs a standby again.
        if (fault == "the master is killed") third = await Sentinel.StartStandbyAsync(master.Port, standby);
        else master.Resume();
        var before = checker.Report.Acknowledged;
        await Poll.UntilAsync(() => checker.Report.Acknowledged > before + 20 || running.IsCompleted, s_limit, () => $"no purge gets through after the promotion: {checker.Report}");

        var report = await running;
        output.WriteLine($"{fault}: {report}, {report.Acknowledged - before} after the promotion");
        Assert.Empty(report.Violations);
        Assert.DoesNotContain("500", report.Refusals.Keys);
        Assert.True(report.Acknowledged > before, report.ToString());
        if (third is not null) await third.DisposeAsync();
    }
}
