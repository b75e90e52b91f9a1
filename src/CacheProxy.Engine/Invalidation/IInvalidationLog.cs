namespace CacheProxy.Engine.Invalidation;

/// <summary>
/// The purges, in order, as this replica sees them. When <see cref="AppendAsync"/> has returned, no request that starts afterwards is
/// answered, on any replica, from anything that the origin produced before the purge was recorded.
/// </summary>
public interface IInvalidationLog
{
    /// <summary>The state worked in last; <see langword="null"/> before the first heartbeat. Fills take their stamp from it <em>before</em> they ask the origin.</summary>
    Snapshot? Current { get; }

    /// <summary>
    /// Steps 1 and 2 of answering (INVALIDATION 3), in that order: is the lease valid at this instant, then the snapshot, read once.
    /// Allocates nothing, takes no lock. <paramref name="snapshot"/> is not null unless the result is <see cref="ServingRight.None"/>.
    /// </summary>
    ServingRight TakeRight(out Snapshot? snapshot);

    /// <summary>Records the invalidation and waits until it is in effect on every replica.</summary>
    /// <param name="invalidation">What to purge.</param>
    /// <param name="source">Who asked.</param>
    /// <param name="purgeId">Names the purge for redelivery (letters, digits, <c>-</c>, <c>_</c>; no spaces); <see langword="null"/> makes a new one.</param>
    /// <param name="cancellationToken">Ends the wait; the record may stay.</param>
    /// <exception cref="InvalidationNotRecordedException">It could not be recorded, or nobody knows: retry with the same id.</exception>
    Task<Receipt> AppendAsync(Invalidation invalidation, InvalidationSource source, string? purgeId, CancellationToken cancellationToken);

    /// <summary>
    /// For changes that have already happened (<c>InvalidateOnSuccess</c>, RFC 9111 §4.4): never throws for want of Redis. If no acknowledgement
    /// can be had within its time, this replica gives up its lease, applies the purge to itself and keeps it until it is recorded,
    /// before it takes another lease.
    /// </summary>
    Task AppendAfterChangeAsync(Invalidation invalidation, InvalidationSource source);

    /// <summary>Registers one who wants to hear of each record after it was worked in (removal of dead entries). Called on the log's own thread: must not block.</summary>
    void Subscribe(Action<Invalidation> applied);

    /// <summary>What health, metrics and the start-up summary show.</summary>
    LogStatus Status { get; }
}

/// <summary>The log in figures.</summary>
/// <param name="LeaseValid">Whether this replica holds a lease now.</param>
/// <param name="Position">Where it is, if it has a state.</param>
/// <param name="Replicas">How many replicas are registered, this one included; 1 without Redis.</param>
/// <param name="Pending">Purges kept until they can be recorded.</param>
/// <param name="Span">From the oldest record still kept to the newest.</param>
/// <param name="Problem">Why there is no lease, for people; <see langword="null"/> when there is one.</param>
public sealed record LogStatus(bool LeaseValid, Position? Position, int Replicas, int Pending, TimeSpan Span, string? Problem);

/// <summary>What the caller of a purge gets (DESIGN 6).</summary>
/// <param name="Position">Where it was recorded.</param>
/// <param name="Confirmed">Replicas that acknowledged it.</param>
/// <param name="WaitedOut">Replicas whose lease was waited out instead.</param>
/// <param name="Elapsed">From the call to the acknowledgement.</param>
public sealed record Receipt(Position Position, int Confirmed, int WaitedOut, TimeSpan Elapsed);

/// <summary>A purge that could not be recorded, or of which nobody knows whether it was. The caller answers 503 with <c>Retry-After</c>.</summary>
/// <param name="message">What happened and what to do.</param>
/// <param name="inner">The store's own failure.</param>
public sealed class InvalidationNotRecordedException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>After which time a retry, with the same id, makes sense.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(1);
}
