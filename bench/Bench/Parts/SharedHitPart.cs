using Bench.Measuring;
using Bench.Servers;
using Processes;

namespace Bench.Parts;

/// <summary>CPU per hit that Redis answers: more keys than the memory tier holds, asked round and round.</summary>
internal static class SharedHitPart
{
    private const int Keys = 20_000;

    public static async Task<Table> MeasureAsync(BenchOptions options)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var origin = await RunningServer.BareAsync(Pinning.Load);
        await using var bare = await RunningServer.BareAsync(Pinning.Server);
        // What the client library costs alone, before a cache looks at what it has read.
        await using var reads = await RunningServer.BareAsync(Pinning.Server, redis: redis.Address);
        // Room for a few hundred of the entries: the others are found in Redis only.
        await using var proxy = await BenchProxy.StartAsync(origin.Url, redis.Address, new Dictionary<string, string?> { ["Memory__Limit"] = "1MiB" });
        await FillAsync(proxy.Url);

        var comparison = new Comparison(options);
        var (sharedBefore, missesBefore) = (await BenchProxy.CountAsync(proxy, "hit_shared"), await BenchProxy.CountAsync(proxy, "miss"));
        var rows = await comparison.RunAsync(
            [new("bare Kestrel", bare.Id, bare.Url), new("CacheProxy", proxy.Id, proxy.Url), new("bare Kestrel that reads Redis", reads.Id, reads.Url)],
            Scripts.Cycle, _ => [Scripts.Text(Keys)]);
        var shared = await BenchProxy.CountAsync(proxy, "hit_shared") - sharedBefore;
        var misses = await BenchProxy.CountAsync(proxy, "miss") - missesBefore;
        return ComparisonTable.Of($"Shared hit: {Keys} keys, 1 MiB of memory tier, one Redis", rows, comparison)
            .Judge("Against bare Kestrel", comparison.Ratio("CacheProxy", "bare Kestrel"), 1.8, 1.6)
            .Note($"While measuring: {shared:0} hits in Redis, {misses:0} misses.");
    }

    private static async Task FillAsync(Uri proxy)
    {
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 16 });
        await Parallel.ForEachAsync(Enumerable.Range(0, Keys), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, stop) =>
        {
            using var response = await http.GetAsync(new Uri(proxy, $"/api/v1/models/train/id-{i}/metrics"), stop);
            response.EnsureSuccessStatusCode();
        });
    }
}
