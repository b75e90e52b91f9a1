using System.Globalization;
using Bench.Measuring;
using CacheProxy.Engine;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Redis;
using CacheProxy.Engine.Storage;
using CacheProxy.Engine.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;
using Processes;
using StackExchange.Redis;

namespace Bench.Parts;

/// <summary>
/// The log of purges without HTTP around it: acknowledgements by 50 replicas of which one is slow, the effect of a pattern on much and on
/// little, and what a hit's check costs after many purges.
/// </summary>
internal static class LogPart
{
    private const int Replicas = 50;
    private static readonly TimeSpan s_slowness = TimeSpan.FromMilliseconds(20);

    public static async Task<Table> MeasureAsync(BenchOptions options)
    {
        var table = new Table("The log of purges", "", "p50", "p99", "slowest");
        await AcknowledgementsAsync(table, options);
        await using var redis = await RedisServer.StartAsync();
        await using var client = await LogClient.StartAsync(redis.Address);
        foreach (var count in options.PatternSizes) await PatternAsync(table, client, count);
        await ChecksAsync(table, client, options.ManyPurges);
        return table;
    }

    private static async Task AcknowledgementsAsync(Table table, BenchOptions options)
    {
        await using var redis = await RedisServer.StartAsync();
        var clients = new List<LogClient>();
        try
        {
            for (var i = 0; i < Replicas; i++) clients.Add(await LogClient.StartAsync(redis.Address));
            await clients[0].SettleAsync();
            // Blocks its own log's thread for each record, as a starved machine would.
            using var never = new ManualResetEventSlim();
            clients[^1].Log.Subscribe(_ => never.Wait(s_slowness));
            var before = await CpuAsync(redis.Address);
            var started = TimeProvider.System.GetTimestamp();
            var milliseconds = new List<double>();
            var purges = Math.Max(20, options.Purges / 10);
            for (var i = 0; i < purges; i++) milliseconds.Add((await clients[0].PurgeAsync(new Invalidation { Tags = [Name("tag", i)] })).TotalMilliseconds);
            var share = (await CpuAsync(redis.Address) - before) / TimeProvider.System.GetElapsedTime(started).TotalSeconds;
            Row(table, $"{purges} purges, {Replicas} log clients, one of them {s_slowness.TotalMilliseconds} ms slow", milliseconds, "ms");
            table.Note($"Redis used {share.ToString("P0", CultureInfo.InvariantCulture)} of a core meanwhile.");
        }
        finally
        {
            foreach (var client in clients) await client.DisposeAsync();
        }
    }

    /// <summary>From the call until each of the entries is found invalid.</summary>
    private static async Task PatternAsync(Table table, LogClient client, int count)
    {
        var memory = new MemoryTier(new MemoryOptions { Limit = long.MaxValue }, client.Metrics, TimeProvider.System);
        var milliseconds = new List<double>();
        for (var round = 0; round < 11; round++)
        {
            var last = default(MemoryEntry);
            for (var i = 0; i < count; i++) last = memory.Add(Entry(i, client.Log.Current!.Position));
            milliseconds.Add((await client.PurgeAsync(new Invalidation { Patterns = ["model:metrics:*"] })).TotalMilliseconds);
            if (last!.Check(client.Log.Current!) != Verdict.Invalid) throw new InvalidOperationException("A purged entry is still valid.");
        }

        Row(table, $"time to effect of a pattern on {count} entries", milliseconds.Skip(1), "ms");
    }

    private static async Task ChecksAsync(Table table, LogClient client, int purges)
    {
        var before = Nanoseconds(client);
        var pending = new List<Task>();
        for (var i = 0; i < purges; i++)
        {
            var purge = (i % 100) == 0 ? new Invalidation { Patterns = [Name("other:*", i)] } : new Invalidation { Tags = [Name("other", i)] };
            pending.Add(client.PurgeAsync(purge));
            if (pending.Count < 200) continue;
            await Task.WhenAll(pending);
            pending.Clear();
        }

        await Task.WhenAll(pending);
        var after = Nanoseconds(client);
        Row(table, "lease, snapshot and check of a hit before", before, "ns");
        Row(table, $"the same after {purges} purges", after, "ns");
        table.Judge("after over before", Statistics.Median(after) / Statistics.Median(before), 1.5, 1.1);
    }

    private static List<double> Nanoseconds(LogClient client)
    {
        const int Times = 1_000_000;
        var entry = new MemoryEntry(Entry(1, client.Log.Current!.Position), TimeProvider.System);
        var found = new List<double>();
        for (var round = 0; round < 11; round++)
        {
            var started = TimeProvider.System.GetTimestamp();
            for (var i = 0; i < Times; i++)
                if (client.Log.TakeRight(out var snapshot) == ServingRight.Full) entry.Check(snapshot!);
            found.Add(TimeProvider.System.GetElapsedTime(started).TotalNanoseconds / Times);
        }

        return found;
    }

    private static StoredResponse Entry(int number, Position stamp)
    {
        Span<byte> identity = stackalloc byte[Hash256.Size];
        BitConverter.TryWriteBytes(identity, number);
        var name = Name("model:metrics:", number);
        return new()
        {
            Identity = new Hash256(identity),
            Name = name,
            PrimaryKey = name,
            Policy = "bench",
            Fingerprint = 1,
            Tags = [Name("model:", number)],
            Stamp = stamp,
            Status = 200,
            Headers = HeaderFields.Empty,
            Body = default,
            RequestTime = TimeProvider.System.GetUtcNow(),
            ResponseTime = TimeProvider.System.GetUtcNow(),
            InitialAge = TimeSpan.Zero,
            FreshUntilAge = TimeSpan.FromHours(1),
        };
    }

    private static async Task<double> CpuAsync(string address)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(address + ",allowAdmin=true");
        var cpu = (await connection.GetServer(address).InfoAsync("cpu")).Single().ToDictionary(p => p.Key, p => p.Value);
        return double.Parse(cpu["used_cpu_sys"], CultureInfo.InvariantCulture) + double.Parse(cpu["used_cpu_user"], CultureInfo.InvariantCulture);
    }

    private static string Name(string prefix, int number) => prefix + number.ToString(CultureInfo.InvariantCulture);

    private static void Row(Table table, string name, IEnumerable<double> values, string unit)
    {
        var all = values.ToList();
        table.Row(name, Text(Statistics.Median(all)), Text(Statistics.Percentile(all, 0.99)), Text(all.Max()));

        string Text(double value) => value.ToString("0.00", CultureInfo.InvariantCulture) + " " + unit;
    }

    /// <summary>A replica that is nothing but its log.</summary>
    private sealed class LogClient : IAsyncDisposable
    {
        private static readonly ConsistencyOptions s_options = new();
        private readonly RedisConnections _connections;

        private LogClient(string address)
        {
            _connections = new(new() { ConnectionString = RedisConnectionString.Parse(address), Timeout = TimeSpan.FromSeconds(1) });
            Log = new(_connections, s_options, Metrics, TimeProvider.System, NullLogger<RedisInvalidationLog>.Instance);
        }

        public CacheMetrics Metrics { get; } = new(Prometheus.Metrics.WithCustomRegistry(Prometheus.Metrics.NewCustomRegistry()));

        public RedisInvalidationLog Log { get; }

        public static async Task<LogClient> StartAsync(string address)
        {
            var client = new LogClient(address);
            client.Log.Start();
            await client.Log.FirstLease.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
            return client;
        }

        /// <summary>The first purges after a new epoch wait for leases that may be left from the one before.</summary>
        public async Task SettleAsync()
        {
            while ((await PurgeAsync(new Invalidation { Tags = ["settle"] })) > TimeSpan.FromMilliseconds(500))
            {
                // The purge itself has waited.
            }
        }

        public async Task<TimeSpan> PurgeAsync(Invalidation invalidation) =>
            (await Log.AppendAsync(invalidation, InvalidationSource.Operator, purgeId: null, CancellationToken.None)).Elapsed;

        public async ValueTask DisposeAsync()
        {
            Log.Dispose();
            await _connections.DisposeAsync();
        }
    }
}
