using CacheProxy.Engine.Invalidation;

namespace CacheProxy.Engine.Tests.Invalidation;

/// <summary>Holds a replica's applier, as a stopped process would, until it is disposed of.</summary>
internal sealed class SuspendedApplier : IAsyncDisposable
{
    private readonly ManualResetEventSlim _release = new();
    private readonly Task _holder;

    private SuspendedApplier(RedisInvalidationLog log, TaskCompletionSource held)
    {
        _holder = Task.Factory.StartNew(
            () =>
            {
                lock (log.Replica.Gate)
                {
                    held.SetResult();
                    _release.Wait();
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public static async Task<SuspendedApplier> OfAsync(RedisInvalidationLog log)
    {
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var applier = new SuspendedApplier(log, held);
        await held.Task;
        return applier;
    }

    public async ValueTask DisposeAsync()
    {
        _release.Set();
        await _holder;
        _release.Dispose();
    }
}
