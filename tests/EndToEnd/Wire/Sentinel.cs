using System.Globalization;
using Launcher;
using Processes;
using StackExchange.Redis;

namespace EndToEnd.Wire;

/// <summary>One Sentinel that watches one master, alone and quick to promote.</summary>
internal sealed class Sentinel : IAsyncDisposable
{
    private const string Service = "watched";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly ChildProcess _process;
    private readonly int _port;

    private Sentinel(ChildProcess process, int port) => (_process, _port) = (process, port);

    /// <summary>What <c>ConnectionStrings:Redis</c> takes.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_port},serviceName={Service}");

    /// <summary>Returns when it knows the master's standby.</summary>
    public static async Task<Sentinel> StartAsync(int master)
    {
        var port = BackendProcess.FreePort();
        var folder = Directory.CreateTempSubdirectory("cacheproxy-sentinel-").FullName;
        var file = Path.Combine(folder, "sentinel.conf");
        await File.WriteAllTextAsync(file, string.Create(CultureInfo.InvariantCulture, $"""
            port {port}
            bind 127.0.0.1
            dir {folder}
            sentinel monitor {Service} 127.0.0.1 {master} 1
            sentinel down-after-milliseconds {Service} 700
            sentinel failover-timeout {Service} 4000

            """));
        var sentinel = new Sentinel(
            ChildProcess.Start("sentinel", ["redis-server", file, "--sentinel"], new Dictionary<string, string?>(), Path.Combine(folder, "log"), folder), port);
        await Poll.UntilAsync(sentinel.KnowsStandbyAsync, Limit, () => "Sentinel does not know the standby");
        return sentinel;
    }

    /// <summary>A standby of the given master, attached.</summary>
    public static async Task<RedisServer> StartStandbyAsync(int? port, RedisServer master)
    {
        var standby = await RedisServer.StartAsync(port, "--replicaof", "127.0.0.1", master.Port.ToString(CultureInfo.InvariantCulture), "--repl-diskless-sync-delay", "0");
        await using var connection = await ConnectionMultiplexer.ConnectAsync(master.Address + ",allowAdmin=true");
        await Poll.UntilAsync(
            async () => ((string)(await connection.GetDatabase().ExecuteAsync("INFO", "replication"))!).Contains("state=online", StringComparison.Ordinal),
            Limit, () => "the standby did not attach");
        return standby;
    }

    /// <summary>Waits until it says that this one is the master.</summary>
    public Task PromotesAsync(RedisServer master) =>
        Poll.UntilAsync(async () => await MasterAsync() == master.Port, Limit, () => "Sentinel has not promoted the standby");

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private async Task<bool> KnowsStandbyAsync() =>
        await AskAsync("REPLICAS") is { IsNull: false } replicas && ((RedisResult[])replicas!).Length == 1;

    private async Task<int> MasterAsync() =>
        await AskAsync("GET-MASTER-ADDR-BY-NAME") is { IsNull: false } address ? int.Parse((string)((RedisResult[])address!)[1]!, CultureInfo.InvariantCulture) : 0;

    private async Task<RedisResult?> AskAsync(string question)
    {
        try
        {
            var options = new ConfigurationOptions { CommandMap = CommandMap.Sentinel, AllowAdmin = true, AbortOnConnectFail = true };
            options.EndPoints.Add("127.0.0.1", _port);
            await using var connection = await ConnectionMultiplexer.ConnectAsync(options);
            return await connection.GetServer("127.0.0.1", _port).ExecuteAsync("SENTINEL", question, Service);
        }
        catch (RedisException)
        {
            return null;
        }
    }
}
