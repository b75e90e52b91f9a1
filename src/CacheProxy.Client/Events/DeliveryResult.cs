namespace CacheProxy.Client.Events;

/// <summary>What came of one attempt.</summary>
public enum DeliveryOutcome
{
    /// <summary>2xx: no replica serves the old content any more.</summary>
    Delivered,

    /// <summary>
    /// Unreachable, timed out, 3xx, 5xx, 401, 403, 404, 408, 425 or 429: nothing is wrong with the event, so the target is tried again later.
    /// (401 and 403: the secrets do not agree yet; 404: the target is not the proxy yet.)
    /// </summary>
    Later,

    /// <summary>Another 4xx: the target will not take this event as it is, until its configuration changes.</summary>
    Refused,

    /// <summary>410: the target wants no more events.</summary>
    Gone,
}

/// <summary>One attempt at one target.</summary>
/// <param name="Target">The proxy's base address.</param>
/// <param name="Outcome">What came of it.</param>
/// <param name="Reason">For operators: status and the start of the answer, or the network's error. Never a secret.</param>
/// <param name="RetryAfter">What the target asked for.</param>
public sealed record DeliveryResult(Uri Target, DeliveryOutcome Outcome, string Reason, TimeSpan? RetryAfter = null);

/// <summary>An event could not be delivered to every target within the attempts allowed.</summary>
/// <remarks>What was not delivered may be cached for as long as its TTL: use the outbox where that matters.</remarks>
public sealed class CacheEventDeliveryException : Exception
{
    /// <summary>Names the event and what each failing target said.</summary>
    public CacheEventDeliveryException(CacheEvent cacheEvent, IReadOnlyList<DeliveryResult> failures)
        : base($"The event '{cacheEvent.Type}' ({cacheEvent.Id}) was not taken by {string.Join("; ", failures.Select(f => $"{f.Target}: {f.Reason}"))}. "
            + "Check CacheProxy:Targets and CacheProxy:Secret, or send it through the outbox.")
        => Failures = failures;

    /// <summary>The last result at each target that did not take it.</summary>
    public IReadOnlyList<DeliveryResult> Failures { get; }
}
