using CacheProxy.Client.Events;

namespace CacheProxy.Client.Outbox;

/// <summary>
/// Where the backend keeps events until every proxy has them. The backend writes an event in the same transaction as the change that it
/// tells of (with means of its own), so that one cannot be without the other; the delivery reads it through this contract.
/// </summary>
/// <remarks>
/// What a store must keep to: sequences grow in the order of commits; what was written survives a crash; each target's progress is its own,
/// and a target that is configured later still gets what is there. All methods may be called concurrently; one delivery runs per database.
/// </remarks>
public interface IOutboxStore
{
    /// <summary>Adds an event outside any transaction of the backend's, for changes that are made elsewhere.</summary>
    Task EnqueueAsync(string partition, CacheEvent cacheEvent, CancellationToken cancellationToken);

    /// <summary>
    /// The oldest events that the target has neither taken nor finally refused, and that are not set aside beyond <paramref name="now"/>;
    /// in order of their sequence.
    /// </summary>
    Task<IReadOnlyList<OutboxMessage>> ReadPendingAsync(Uri target, DateTimeOffset now, int limit, CancellationToken cancellationToken);

    /// <summary>The target has taken it. What every one of <paramref name="allTargets"/> has taken is removed.</summary>
    Task MarkDeliveredAsync(long sequence, Uri target, IReadOnlyCollection<Uri> allTargets, CancellationToken cancellationToken);

    /// <summary>The target refused it: it is set aside until then, and no longer holds up the events behind it.</summary>
    Task SetAsideAsync(long sequence, Uri target, DateTimeOffset until, string error, CancellationToken cancellationToken);

    /// <summary>The target will not be tried with it again: a dead letter.</summary>
    Task MarkDeadAsync(long sequence, Uri target, string error, CancellationToken cancellationToken);

    /// <summary>Counts, for the targets given.</summary>
    /// <param name="targets">The configured targets.</param>
    /// <param name="partition">Only this partition; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<OutboxCounts> CountAsync(IReadOnlyCollection<Uri> targets, string? partition, CancellationToken cancellationToken);

    /// <summary>The oldest dead letters.</summary>
    Task<IReadOnlyList<DeadLetter>> ReadDeadAsync(int limit, CancellationToken cancellationToken);

    /// <summary>Makes dead letters pending again, as if they had been written now.</summary>
    /// <param name="sequence">One of them; <see langword="null"/> for all.</param>
    /// <param name="now">Their new age counts from here.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How many.</returns>
    Task<int> RedeliverAsync(long? sequence, DateTimeOffset now, CancellationToken cancellationToken);
}
