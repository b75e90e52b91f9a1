namespace CacheProxy.Engine.Redis;

/// <summary>
/// The bound of a call to Redis (<c>Redis:Timeout</c>), which is about Redis' time and not about ours: where a time-out itself comes late,
/// this process did not run, and the reply may lie in its socket unread; and where many requests wait for a thread, so does what takes the
/// reply. Giving up then would have every replica of a busy machine ask the
/// origin by itself, at the worst of moments.
/// </summary>
internal static class BoundedCall
{
    /// <summary>As often as a call is given its time again. With the first time that bounds what a starving process waits for.</summary>
    public const int Again = 2;

    // A timer that is late by less says nothing.
    private const double LateFrom = 1.25;

    /// <summary>Waits for a reply.</summary>
    /// <exception cref="TimeoutException">There was none within the limit, while this process could have taken it.</exception>
    public static async Task<T> WithinAsync<T>(this Task<T> call, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken = default)
    {
        for (var again = 0; ; again++)
        {
            var started = time.GetTimestamp();
            try
            {
                return await call.WaitAsync(limit, time, cancellationToken);
            }
            catch (TimeoutException) when (!call.IsCompleted || call.IsCompletedSuccessfully)
            {
                // Timers come before all that waits for a thread of the pool, and a reply that has come is among that.
                var timed = time.GetElapsedTime(started);
                await BehindWhatWaitsAsync();
                if (call.IsCompleted) return await call;
                // The reply gets the time that it has not had.
                if (again >= Again || timed <= limit * LateFrom) throw;
            }
        }
    }

    private static Task BehindWhatWaitsAsync()
    {
        var reached = new TaskCompletionSource();
        ThreadPool.UnsafeQueueUserWorkItem(static reached => reached.SetResult(), reached, preferLocal: false);
        return reached.Task;
    }

    /// <inheritdoc cref="WithinAsync{T}"/>
    public static Task WithinAsync(this Task call, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken = default) =>
        EndedAsync(call).WithinAsync(limit, time, cancellationToken);

    private static async Task<bool> EndedAsync(Task call)
    {
        await call;
        return true;
    }
}
