using Microsoft.Extensions.Options;

namespace CacheProxy.Client.Outbox;

/// <summary>Tells a backend how far its events have got.</summary>
public sealed class OutboxProgress(IOutboxStore store, OutboxSignal signal, IOptions<CacheProxyClientOptions> options, TimeProvider clock)
{
    /// <summary>Whether every configured target has taken the partition's events (or nothing can be sent at all).</summary>
    public async Task<bool> IsDeliveredAsync(string partition, CancellationToken cancellationToken) =>
        !options.Value.CanSend || (await store.CountAsync(options.Value.Targets.AsReadOnly(), partition, cancellationToken)).Pending == 0;

    /// <summary>
    /// Waits until every target has taken the partition's events, so that who reads next through a proxy sees the change.
    /// </summary>
    /// <returns><see langword="false"/> when that was not so within the limit; the events are delivered later then.</returns>
    public async Task<bool> WaitUntilDeliveredAsync(string partition, TimeSpan limit, CancellationToken cancellationToken)
    {
        var deadline = clock.GetUtcNow() + limit;
        while (true)
        {
            var next = signal.Next;
            if (await IsDeliveredAsync(partition, cancellationToken)) return true;
            var left = deadline - clock.GetUtcNow();
            if (left <= TimeSpan.Zero) return false;
            await OutboxSignal.WaitAsync(next, left, clock, cancellationToken);
        }
    }

    /// <summary>Counts over all partitions.</summary>
    public Task<OutboxCounts> CountAsync(CancellationToken cancellationToken) =>
        store.CountAsync(options.Value.Targets.AsReadOnly(), null, cancellationToken);
}
