using Bench.Measuring;
using Bench.Servers;

namespace Bench.Parts;

/// <summary>CPU per miss, every target asked once and stored, against YARP that only forwards.</summary>
internal static class MissPart
{
    public static async Task<Table> MeasureAsync(BenchOptions options)
    {
        await using var origin = await RunningServer.BareAsync(Pinning.Load, bodySize: 1024);
        await using var yarp = await RunningServer.PlainYarpAsync(origin.Url);
        // What those pay who put the stock middleware before YARP: no purge, no coalescing by identity, nothing of RFC 9111.
        await using var stock = await RunningServer.PlainYarpAsync(origin.Url, withStockCache: true);
        await using var proxy = await BenchProxy.StartAsync(origin.Url, settings: new Dictionary<string, string?> { ["Memory__Limit"] = "64MiB" });

        var comparison = new Comparison(options);
        var rows = await comparison.RunAsync(
            [new("plain YARP", yarp.Id, yarp.Url), new("CacheProxy", proxy.Id, proxy.Url), new("YARP with the stock output cache", stock.Id, stock.Url)],
            Scripts.Once, round => [$"round-{Scripts.Text(round + 1)}"]);
        var hits = await BenchProxy.CountAsync(proxy, "hit");
        return ComparisonTable.Of("Miss: 1 KiB of JSON, each target once, stored in memory (64 MiB)", rows, comparison)
            .Judge("Against plain YARP", comparison.Ratio("CacheProxy", "plain YARP"), 1.15, 1.05)
            .Note($"The proxy counted {hits:0} hits; there should be none.");
    }
}
