namespace CacheProxy.Engine.Invalidation;

/// <summary>
/// One unbroken life of the log (INVALIDATION 1). <see cref="Number"/> orders epochs, <see cref="Nonce"/> tells rivals of one rank apart;
/// two epochs are the same only when both are.
/// </summary>
/// <param name="Number">Time-based rank, in Unix milliseconds or just above.</param>
/// <param name="Nonce">128 random bits in hexadecimal, or what the log's server made of them.</param>
public sealed record Epoch(long Number, string Nonce);

/// <summary>A place in the log: comparable within one epoch only.</summary>
/// <param name="Epoch">The life of the log that the sequence number belongs to.</param>
/// <param name="Sequence">The number of the last record worked in; 0 before the first.</param>
public readonly record struct Position(Epoch Epoch, long Sequence);

/// <summary>What an entry is worth under a snapshot.</summary>
public enum Verdict
{
    /// <summary>Nothing: not served, no fallback, no validator, no part of anything.</summary>
    Invalid,

    /// <summary>Valid, but behind a soft purge: as stale as if its freshness lifetime had passed.</summary>
    Stale,

    /// <summary>Valid, and no purge speaks against it.</summary>
    Valid,
}

/// <summary>From where this replica may answer at this moment (INVALIDATION 2 and 3).</summary>
public enum ServingRight
{
    /// <summary>No lease: from the origin only.</summary>
    None,

    /// <summary>No lease, but within <c>Consistency:ServeFor</c> of a registered longer one: from memory, for policies with <c>OnLostLease: Serve</c>.</summary>
    MemoryOnly,

    /// <summary>A valid lease.</summary>
    Full,
}
