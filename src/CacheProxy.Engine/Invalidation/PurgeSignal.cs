namespace CacheProxy.Engine.Invalidation;

/// <summary>
/// Wakes the one who waits for a purge. Its time is the injected one (a semaphore's is not), and whoever wakes it never runs the waiter's
/// code.
/// </summary>
internal sealed class PurgeSignal(TimeProvider time)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource<bool>? _waiting;
    private bool _released;

    /// <summary>Wakes the waiter, or the next one who would wait.</summary>
    public void Release()
    {
        lock (_gate)
        {
            if (_waiting?.TrySetResult(true) != true) _released = true;
        }
    }

    /// <summary>True when it was released, false when the time is over. One caller at a time.</summary>
    public async Task<bool> WaitAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        var waiting = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_released)
            {
                _released = false;
                return true;
            }

            _waiting = waiting;
        }

        await using var timer = time.CreateTimer(static w => ((TaskCompletionSource<bool>)w!).TrySetResult(false), waiting, limit, Timeout.InfiniteTimeSpan);
        await using var cancellation = cancellationToken.UnsafeRegister(
            static (w, token) => ((TaskCompletionSource<bool>)w!).TrySetCanceled(token), waiting);
        return await waiting.Task;
    }
}
