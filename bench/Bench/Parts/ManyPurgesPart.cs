using Bench.Measuring;
using Bench.Servers;
using Processes;

namespace Bench.Parts;

/// <summary>
/// CPU per memory hit before and after many purges of other things: two proxies, of which one has them behind it, loaded in turn.
/// </summary>
internal static class ManyPurgesPart
{
    private const int AtOnce = 64;
    private const int PatternEvery = 100;

    public static async Task<Table> MeasureAsync(BenchOptions options)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var other = await RedisServer.StartAsync();
        await using var origin = await RunningServer.BareAsync(Pinning.Load);
        await using var before = await BenchProxy.StartAsync(origin.Url, redis.Address);
        await using var after = await BenchProxy.StartAsync(origin.Url, other.Address);
        await PurgeAsync(after, options.ManyPurges);

        var name = $"after {options.ManyPurges} purges";
        var comparison = new Comparison(options);
        var rows = await comparison.RunAsync(
            [new("before", before.Id, new Uri(before.Url, BenchProxy.Target)), new(name, after.Id, new Uri(after.Url, BenchProxy.Target))]);
        var misses = await BenchProxy.CountAsync(before, "miss") + await BenchProxy.CountAsync(after, "miss");
        return ComparisonTable.Of("Memory hit before and after purges of other things", rows, comparison)
            .Judge("After over before", comparison.Ratio(name, "before"), 1.1, 1.03)
            .Note($"One purge in {PatternEvery} by pattern, the others by tag. {misses:0} misses in all.");
    }

    private static async Task PurgeAsync(ProxyProcess proxy, int purges)
    {
        using var client = new PurgeClient(proxy);
        await client.SettleAsync();
        await Parallel.ForEachAsync(Enumerable.Range(0, purges), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (i, _) =>
            await client.PurgeAsync(i % PatternEvery == 0 ? $$"""{"patterns":["other:{{i}}:*"]}""" : $$"""{"tags":["other:{{i}}"]}"""));
    }
}
