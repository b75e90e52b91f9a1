namespace CacheProxy.Client.Outbox;

/// <summary>
/// Wakes who waits for a change of the outbox in this process. A missed wake-up costs a poll interval, never an event:
/// take <see cref="Next"/> before looking, then wait for it.
/// </summary>
public sealed class OutboxSignal
{
    private TaskCompletionSource _next = Fresh();

    /// <summary>Completes at the next <see cref="Raise"/>.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    /// <summary>Something changed: an event was committed, taken or put back.</summary>
    public void Raise() => Interlocked.Exchange(ref _next, Fresh()).TrySetResult();

    internal static async Task WaitAsync(Task next, TimeSpan limit, TimeProvider clock, CancellationToken cancellationToken)
    {
        try
        {
            await next.WaitAsync(limit, clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Time to look, signal or not.
        }
    }

    private static TaskCompletionSource Fresh() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
