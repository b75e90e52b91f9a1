using Bench.Measuring;
using Bench.Servers;

namespace Bench.Parts;

/// <summary>CPU per memory hit of one URL: bare Kestrel, the proxy, nginx, Varnish.</summary>
internal static class HitPart
{
    public static async Task<Table> MeasureAsync(BenchOptions options)
    {
        await using var origin = await RunningServer.BareAsync(Pinning.Load);
        await using var bare = await RunningServer.BareAsync(Pinning.Server);
        await using var proxy = await BenchProxy.StartAsync(origin.Url);
        await using var nginx = await RunningServer.NginxAsync(origin.Url);
        await using var varnish = await RunningServer.VarnishAsync(origin.Url);

        var comparison = new Comparison(options);
        var rows = await comparison.RunAsync(
        [
            new("bare Kestrel", bare.Id, new Uri(bare.Url, BenchProxy.Target)),
            new("CacheProxy", proxy.Id, new Uri(proxy.Url, BenchProxy.Target)),
            new("nginx proxy_cache", nginx.Id, new Uri(nginx.Url, BenchProxy.Target)),
            new("Varnish", varnish.Id, new Uri(varnish.Url, BenchProxy.Target)),
        ]);
        var (misses, hits) = (await BenchProxy.CountAsync(proxy, "miss"), await BenchProxy.CountAsync(proxy, "hit"));
        return ComparisonTable.Of("Memory hit, 2 KiB of JSON, HTTP/1.1 keep-alive, 32 connections", rows, comparison)
            .Judge("Against bare Kestrel", comparison.Ratio("CacheProxy", "bare Kestrel"), 1.25, 1.10)
            .Judge("Against nginx", comparison.Ratio("CacheProxy", "nginx proxy_cache"), 1.0, 0.9)
            .Judge("Against Varnish", comparison.Ratio("CacheProxy", "Varnish"), 0.7, 0.6)
            .Note($"The proxy counted {hits:0} hits and {misses:0} misses.");
    }
}
