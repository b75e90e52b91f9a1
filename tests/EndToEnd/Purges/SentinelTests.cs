using System.Globalization;
using Launcher;
using Processes;
using StackExchange.Redis;
using Xunit.Abstractions;

namespace EndToEnd.Purges;

/// <summary>The promise while Sentinel promotes a standby: with <c>Consistency:Standbys</c>, and an old master that may come back.</summary>
public sealed class SentinelTests(ITestOutputHelper output)
{
    private const string Service = "purges";
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    [RedisTheory]
    [InlineData("the master is killed")]
    [InlineData("the master hangs and comes back")]
    public async Task Purges_StandbyPromoted_AreRefusedOrTrue(string fault)
    {
        await using var master = await RedisServer.StartAsync(null, "--repl-diskless-sync-delay", "0");
        await using var standby = await StartStandbyAsync(null, master.Port);
        await ConfirmedAsync(master.Address);
        var port = BackendProcess.FreePort();
        await using var sentinel = StartSentinel(port, master.Port);
        await Poll.UntilAsync(() => KnowsStandbyAsync(port), s_limit, () => "Sentinel does not know the standby");
        await using var replicas = await ThreeReplicas.StartAsync(
            lease: "600ms", master, string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port},serviceName={Service}"),
            new Dictionary<string, string?> { ["Consistency__Standbys"] = "1" });
        using var checker = new PurgeChecker(replicas.Origin, replicas.Urls, seed: 5);
        var running = checker.RunAsync(long.MaxValue, TimeSpan.FromSeconds(25));
        await Poll.UntilAsync(() => checker.Report.Acknowledged > 50, s_limit, () => $"no purge gets through: {checker.Report}");

        RedisServer? third = null;
        if (fault == "the master is killed") await master.KillAsync();
        else master.Suspend();
        await Poll.UntilAsync(async () => await MasterAsync(port) == standby.Port, s_limit, () => "Sentinel has not promoted the standby");
        // A purge needs a standby again.
        if (fault == "the master is killed") third = await StartStandbyAsync(master.Port, standby.Port);
        else master.Resume();
        var before = checker.Report.Acknowledged;
        await Poll.UntilAsync(() => checker.Report.Acknowledged > before + 20 || running.IsCompleted, s_limit, () => $"no purge gets through after the promotion: {checker.Report}");

        var report = await running;
        output.WriteLine($"{fault}: {report}, {report.Acknowledged - before} after the promotion");
        Assert.Empty(report.Violations);
        Assert.True(report.Acknowledged > before, report.ToString());
        if (third is not null) await third.DisposeAsync();
    }

    private static Task<RedisServer> StartStandbyAsync(int? port, int master) => RedisServer.StartAsync(
        port, "--replicaof", "127.0.0.1", master.ToString(CultureInfo.InvariantCulture), "--repl-diskless-sync-delay", "0");

    private static async Task ConfirmedAsync(string master)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(master + ",allowAdmin=true");
        await Poll.UntilAsync(
            async () => ((string)(await connection.GetDatabase().ExecuteAsync("INFO", "replication"))!).Contains("state=online", StringComparison.Ordinal),
            s_limit, () => "the standby did not attach");
    }

    private static ChildProcess StartSentinel(int port, int master)
    {
        var folder = Directory.CreateTempSubdirectory("cacheproxy-sentinel-").FullName;
        var file = Path.Combine(folder, "sentinel.conf");
        File.WriteAllText(file, string.Create(CultureInfo.InvariantCulture, $"""
            port {port}
            bind 127.0.0.1
            dir {folder}
            sentinel monitor {Service} 127.0.0.1 {master} 1
            sentinel down-after-milliseconds {Service} 700
            sentinel failover-timeout {Service} 4000

            """));
        return ChildProcess.Start("sentinel", ["redis-server", file, "--sentinel"], new Dictionary<string, string?>(), Path.Combine(folder, "log"), folder);
    }

    private static async Task<bool> KnowsStandbyAsync(int port) =>
        await AskAsync(port, "REPLICAS") is { IsNull: false } replicas && ((RedisResult[])replicas!).Length == 1;

    private static async Task<int> MasterAsync(int port) =>
        await AskAsync(port, "GET-MASTER-ADDR-BY-NAME") is { IsNull: false } address ? int.Parse((string)((RedisResult[])address!)[1]!, CultureInfo.InvariantCulture) : 0;

    private static async Task<RedisResult?> AskAsync(int port, string question)
    {
        try
        {
            var options = new ConfigurationOptions { CommandMap = CommandMap.Sentinel, AllowAdmin = true, AbortOnConnectFail = true };
            options.EndPoints.Add("127.0.0.1", port);
            await using var connection = await ConnectionMultiplexer.ConnectAsync(options);
            return await connection.GetServer("127.0.0.1", port).ExecuteAsync("SENTINEL", question, Service);
        }
        catch (RedisException)
        {
            return null;
        }
    }
}
