using CacheProxy.Engine.Policies;

namespace CacheProxy.Engine.Tests.Caching;

/// <summary>What a hit may allocate: the budget that keeps the collector out of the hit path.</summary>
public sealed class HitAllocationTests
{
    private const long Budget = 1_024;

    [Fact]
    public async Task MemoryHit_OfATargetSeenBefore_StaysWithinItsBudget() => Assert.InRange(await LeastAllocatedAsync("/a"), 0, Budget);

    [Fact]
    public async Task MemoryHit_AskedForAsJson_StaysWithinItsBudget() => Assert.InRange(await LeastAllocatedAsync("/a", "Accept: application/json"), 0, Budget);

    private static async Task<long> LeastAllocatedAsync(string target, params string[] fields)
    {
        var least = long.MaxValue;
        await using var host = await CacheHost.StartAsync(
            new CachePolicyConfig { Name = "p", Key = "p:{rest}", Ttl = "1h" },
            before: app => app.Use(next => context =>
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                var task = next(context);
                // A hit completes on the thread that it came on; anything else is measured by nobody here.
                if (task.IsCompletedSuccessfully && context.Response.Headers["X-Cache"] == "HIT") least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
                return task;
            }));
        for (var i = 0; i < 50; i++) await host.GetAsync(target, fields);
        return least;
    }
}
