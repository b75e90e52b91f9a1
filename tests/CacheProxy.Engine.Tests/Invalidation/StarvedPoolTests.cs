using CacheProxy.Engine.Invalidation;

namespace CacheProxy.Engine.Tests.Invalidation;

/// <summary>Runs alone: it takes every thread of the pool from whatever runs beside it.</summary>
[CollectionDefinition(nameof(StarvedPoolTests), DisableParallelization = true)]
[Collection(nameof(StarvedPoolTests))]
public sealed class StarvedPoolTests
{
    [Fact]
    public async Task Heartbeat_StarvedThreadPool_KeepsTheLease()
    {
        await using var cluster = await Cluster.StartAsync(new() { Lease = TimeSpan.FromSeconds(1.5) });
        var log = cluster.Join();
        await Cluster.LeasedAsync(log);
        // Not disposed: threads of the pool may still be about to wait for it.
        var release = new ManualResetEventSlim();
        var lapsed = false;
        var watched = new Thread(() =>
        {
            ThreadPool.GetMinThreads(out var workers, out _);
            for (var i = 0; i < workers + 64; i++) ThreadPool.UnsafeQueueUserWorkItem(static r => ((ManualResetEventSlim)r!).Wait(), release);
            var started = BootClock.System.Now;
            while (BootClock.System.Now - started < BootClock.Nanoseconds(TimeSpan.FromSeconds(4)))
            {
                if (log.TakeRight(out _) == ServingRight.None) lapsed = true;
                Thread.Yield();
                release.Wait(TimeSpan.FromMilliseconds(5));
            }

            release.Set();
        });
        watched.Start();
        watched.Join();
        Assert.False(lapsed, "The lease lapsed while all threads of the pool were busy.");
    }
}
