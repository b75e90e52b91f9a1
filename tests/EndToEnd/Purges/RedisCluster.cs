using System.Globalization;
using System.Net;
using Launcher;
using Processes;
using StackExchange.Redis;

namespace EndToEnd.Purges;

/// <summary>A Redis Cluster of three masters on 127.0.0.1, without standbys, that can be resharded slot by slot.</summary>
internal sealed class RedisCluster : IAsyncDisposable
{
    private const int Slots = 16_384;
    private const int MigrationTimeout = 5_000;
    private const int KeysAtOnce = 2;
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);
    private readonly RedisServer[] _masters;
    private readonly string[] _ids;
    private readonly ConnectionMultiplexer _connection;

    private RedisCluster(RedisServer[] masters, string[] ids, ConnectionMultiplexer connection) => (_masters, _ids, _connection) = (masters, ids, connection);

    public IReadOnlyList<RedisServer> Masters => _masters;

    /// <summary>What <c>ConnectionStrings:Redis</c> takes.</summary>
    public string Address => string.Join(',', _masters.Select(m => m.Address));

    public static async Task<RedisCluster> StartAsync()
    {
        var buses = Enumerable.Range(0, 3).Select(_ => Ports.Free()).ToArray();
        // Not the port + 10 000 that is the default: that may be no port at all.
        var masters = await Task.WhenAll(buses.Select(bus => RedisServer.StartAsync(
            null, "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", "2000", "--cluster-port", Text(bus))));
        var options = new ConfigurationOptions { AllowAdmin = true };
        foreach (var master in masters) options.EndPoints.Add(IPAddress.Loopback, master.Port);
        var connection = await ConnectionMultiplexer.ConnectAsync(options);
        var ids = new string[masters.Length];
        for (var i = 0; i < masters.Length; i++)
        {
            var server = connection.GetServer(IPAddress.Loopback, masters[i].Port);
            ids[i] = (await server.ExecuteAsync("CLUSTER", "MYID")).ToString();
            await server.ExecuteAsync("CLUSTER", "ADDSLOTSRANGE", Slots * i / masters.Length, (Slots * (i + 1) / masters.Length) - 1);
            if (i > 0) await server.ExecuteAsync("CLUSTER", "MEET", "127.0.0.1", masters[0].Port, buses[0]);
        }

        var cluster = new RedisCluster(masters, ids, connection);
        for (var i = 0; i < masters.Length; i++)
        {
            var at = i;
            await Poll.UntilAsync(() => cluster.IsWholeAsync(at), s_limit, () => $"{masters[at].Address} does not see the whole cluster");
        }

        return cluster;
    }

    /// <summary>
    /// Moves a key's slot from the master that has it to the next, as <c>redis-cli --cluster reshard</c> does: both are told, the keys go over
    /// a few at a time, and then the slot has another owner.
    /// </summary>
    /// <param name="key">One of the keys in the slot.</param>
    /// <param name="between">Called after each few keys, so that a migration is not over in no time.</param>
    public async Task MoveSlotOfAsync(string key, Func<Task> between)
    {
        var slot = (await ServerOf(0).ExecuteAsync("CLUSTER", "KEYSLOT", key)).ToString();
        var from = await OwnerAsync(slot);
        var to = (from + 1) % _masters.Length;
        await ServerOf(to).ExecuteAsync("CLUSTER", "SETSLOT", slot, "IMPORTING", _ids[from]);
        await ServerOf(from).ExecuteAsync("CLUSTER", "SETSLOT", slot, "MIGRATING", _ids[to]);
        await between();
        while ((string[])(await ServerOf(from).ExecuteAsync("CLUSTER", "GETKEYSINSLOT", slot, KeysAtOnce))! is { Length: > 0 } keys)
        {
            await ServerOf(from).ExecuteAsync("MIGRATE", ["127.0.0.1", _masters[to].Port, "", 0, MigrationTimeout, "KEYS", .. keys]);
            await between();
        }

        foreach (var at in (int[])[to, from, (to + 1) % _masters.Length]) await ServerOf(at).ExecuteAsync("CLUSTER", "SETSLOT", slot, "NODE", _ids[to]);
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        foreach (var master in _masters) await master.DisposeAsync();
    }

    private async Task<int> OwnerAsync(string slot)
    {
        var number = int.Parse(slot, CultureInfo.InvariantCulture);
        foreach (var range in (RedisResult[])(await ServerOf(0).ExecuteAsync("CLUSTER", "SLOTS"))!)
        {
            var parts = (RedisResult[])range!;
            if (number >= (int)parts[0] && number <= (int)parts[1]) return Array.IndexOf(_ids, ((RedisResult[])parts[2]!)[2].ToString());
        }

        throw new InvalidOperationException($"Nobody has slot {slot}.");
    }

    private async Task<bool> IsWholeAsync(int at)
    {
        var info = (await ServerOf(at).ExecuteAsync("CLUSTER", "INFO")).ToString();
        return info.Contains("cluster_state:ok", StringComparison.Ordinal) && info.Contains("cluster_known_nodes:3", StringComparison.Ordinal);
    }

    private IServer ServerOf(int at) => _connection.GetServer(IPAddress.Loopback, _masters[at].Port);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
