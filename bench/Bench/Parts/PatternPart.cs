using System.Globalization;
using Bench.Measuring;
using Bench.Servers;
using Processes;
using StackExchange.Redis;

namespace Bench.Parts;

/// <summary>
/// How long a purge by pattern takes until nothing of what it names is served, by how much that is. The entries are in Redis, and as many of
/// them as fit in memory; what removes them there afterwards is not waited for by anybody, and measured beside.
/// </summary>
internal static class PatternPart
{
    // Beyond these the entries in Redis are copies under further names: memory holds no more of them anyway.
    private const int FromOrigin = 50_000;
    private const int Page = 10_000;
    private const int Purges = 5;

    // Of so many entries each round takes minutes, most of them to fill Redis again.
    private const int PurgesOfMany = 3;
    private const int Many = 1_000_000;
    private const string Prefix = "cacheproxy:__MSOCV_model:metrics:";
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(10);

    public static async Task<Table> MeasureAsync(BenchOptions options)
    {
        var table = new Table("Time to effect of a purge by pattern", "entries in Redis", "in memory", "p50 ms", "slowest ms", "removed from Redis after");
        var medians = new List<double>();
        foreach (var size in options.KeyspaceSizes) medians.Add(await MeasureAsync(table, size, options.Quick));
        return table
            .Judge("Most entries over fewest, p50", medians[^1] / medians[0], 1.5, 1.1)
            .Note("From the request to its acknowledgement; the next read of what was purged is looked at each time, and must be a miss.");
    }

    private static async Task<double> MeasureAsync(Table table, int size, bool quick)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var origin = await RunningServer.BareAsync(Pinning.Load);
        await using var proxy = await BenchProxy.StartAsync(origin.Url, redis.Address);
        await using var connection = await ConnectionMultiplexer.ConnectAsync(redis.Address);
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 16 }) { BaseAddress = proxy.Url };
        using var client = new PurgeClient(proxy);
        await client.SettleAsync();
        var (milliseconds, seconds, inMemory) = (new List<double>(), new List<double>(), 0d);
        for (var round = 0; round < (quick ? 2 : size >= Many ? PurgesOfMany : Purges); round++)
        {
            var before = await NamesAsync(connection);
            await FillAsync(http, connection.GetDatabase(), size);
            inMemory = await BenchProxy.GaugeAsync(proxy, "cacheproxy_memory_entries");
            await ExpectAsync(http, "HIT");
            var (elapsed, _) = await client.PurgeAsync("""{"patterns":["model:metrics:*"]}""");
            milliseconds.Add(elapsed.TotalMilliseconds);
            await ExpectAsync(http, "MISS");
            seconds.Add(await RemovedAsync(connection, before));
        }

        table.Row(Text(size, "0"), Text(inMemory, "0"), Text(Statistics.Median(milliseconds), "0.00"), Text(milliseconds.Max(), "0.00"), Text(Statistics.Median(seconds), "0.0") + " s");
        return Statistics.Median(milliseconds);
    }

    private static async Task FillAsync(HttpClient http, IDatabase redis, int size)
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, Math.Min(size, FromOrigin)), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, stop) =>
        {
            using var response = await http.GetAsync(Target(i), stop);
            response.EnsureSuccessStatusCode();
        });
        await Poll.UntilAsync(async () => (await redis.StringLengthAsync(Prefix + "id-0")) > 0, s_limit, () => "an entry did not come to Redis");
        var entry = await redis.StringGetAsync(Prefix + "id-0");
        foreach (var page in Enumerable.Range(FromOrigin, Math.Max(0, size - FromOrigin)).Chunk(Page))
            await Task.WhenAll(page.Select(i => redis.StringSetAsync(Prefix + "id-" + Text(i, "0"), entry, TimeSpan.FromHours(1))));
        // The last one asked for is the one that is read: it is in memory, however little fits.
        using var last = await http.GetAsync(Target(0));
        last.EnsureSuccessStatusCode();
    }

    private static async Task ExpectAsync(HttpClient http, string result)
    {
        using var response = await http.GetAsync(Target(0));
        if (!response.Headers.TryGetValues("X-Cache", out var seen) || seen.Single() != result)
            throw new InvalidOperationException($"A read was expected to be a {result}, and was {string.Join(", ", seen ?? ["without X-Cache"])}.");
    }

    /// <summary>Until the housekeeping has gone through; what was read since then is there again.</summary>
    private static async Task<double> RemovedAsync(ConnectionMultiplexer connection, long before)
    {
        var started = TimeProvider.System.GetTimestamp();
        // The entry that was read again, and what the log and the housekeeping have written meanwhile.
        await Poll.UntilAsync(async () => await NamesAsync(connection) <= before + 5, s_limit, () => "purged entries are still in Redis");
        return TimeProvider.System.GetElapsedTime(started).TotalSeconds;
    }

    private static Task<long> NamesAsync(ConnectionMultiplexer connection) => connection.GetServer(connection.GetEndPoints()[0]).DatabaseSizeAsync();

    private static Uri Target(int number) => new($"/api/v1/models/train/id-{Text(number, "0")}/metrics", UriKind.Relative);

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
