using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Storage;

namespace CacheProxy.Engine.Tests.Caching.Refreshing;

/// <summary>What is kept with an entry to fetch it again: nothing with the many that are never hit.</summary>
public sealed class KeptRequestsTests
{
    private static readonly CachePolicyConfig s_policy = new() { Name = "p", Key = "p:{id}", Ttl = "1m" };

    [Fact]
    public async Task Entry_ThatIsStored_KeepsNoRequestUntilItsFirstHit()
    {
        await using var host = await RoutedHost.StartAsync(static request => RoutedAnswer.Json(request.Target), null, s_policy);
        var fetched = await host.GetAsync("/p/1");
        var entry = await StoredAsync(host);

        Assert.Equal(("MISS", null, entry.Response.Size), (fetched.Cache, entry.Kept, host.Memory.Bytes));

        Assert.Equal("HIT", (await host.GetAsync("/p/1")).Cache);

        var kept = Assert.IsType<FillRequest>(entry.Kept);
        Assert.Equal(("GET", "/p/1"), (kept.Method, kept.Plan.Target));
        Assert.InRange(host.Memory.Bytes, entry.Response.Size + 1, long.MaxValue);

        // What is kept is the first one's: later hits cost nothing.
        await host.GetAsync("/p/1");
        Assert.Same(kept, entry.Kept);
    }

    private static async Task<MemoryEntry> StoredAsync(RoutedHost host)
    {
        // It is stored after the client has its answer.
        await Poll.UntilAsync(() => host.Memory.Count == 1);
        return host.Memory.Entries.Single();
    }
}
