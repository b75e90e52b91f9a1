using System.Globalization;
using CacheProxy.Engine.Telemetry;
using CacheProxy.Management.Authentication;

namespace CacheProxy.Management.Statistics;

/// <summary>The guide's <c>GET …/cache/stats</c>, field for field.</summary>
internal sealed class StatsEndpoint(
    ManagementOptions options, ReplicatedStatistics replicated, SharedStoreFigures shared, ICacheStatistics own) : IManagementEndpoint
{
    private static readonly StatsLifetimes s_lifetimes = new();

    public string Path => options.StatsPath;

    public string Method => HttpMethods.Get;

    public Permission Needs => Permission.Read;

    public async Task HandleAsync(HttpContext context, string caller)
    {
        var sum = await replicated.ReadSumAsync();
        var keys = sum is null ? null : await shared.CountKeysAsync();
        var available = !replicated.IsShared || keys is not null;
        var (hits, misses) = sum ?? (own.Hits, own.Misses);
        var memory = await shared.ReadUsedMemoryAsync() ?? own.MemoryBytes;
        var figures = new StatsFigures(SharedStoreFigures.Human(memory), keys ?? own.MemoryEntries, hits, misses, Rate(hits, misses));
        var message = available ? "Cache is healthy" : "Redis is unavailable: these are the figures of this replica alone";
        await ManagementJson.WriteAsync(context, new(available, figures, s_lifetimes, message), ManagementJson.Default.StatsBody);
    }

    private static string Rate(long hits, long misses) =>
        hits + misses == 0 ? "0.0%" : string.Create(CultureInfo.InvariantCulture, $"{100.0 * hits / (hits + misses):F1}%");
}
