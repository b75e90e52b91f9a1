using CacheProxy.Engine.Invalidation;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>One fill per key over all replicas (DESIGN 4). Any trouble with it means an own fill, never an error.</summary>
public interface IFillLock
{
    /// <summary>Takes the lock, or learns who has it.</summary>
    /// <param name="name">What is locked.</param>
    /// <param name="position">The stamp of the fill that wants it; those who would wait for it compare theirs.</param>
    Task<FillLockAttempt> TryTakeAsync(string name, Position position);

    /// <summary>Waits until the holder says what has come of its fill, or its lock lapses, or nobody can tell.</summary>
    Task<FillLockNews> WaitAsync(string name, CancellationToken cancellationToken);
}

/// <summary>A lock that is held and renewed until it is disposed.</summary>
public interface IHeldFillLock : IAsyncDisposable
{
    /// <summary>What those who wait are told at the end; <see cref="FillLockNews.Lapsed"/> until it is set.</summary>
    FillLockNews News { get; set; }
}

/// <summary>The outcome of an attempt.</summary>
/// <param name="Held">The lock, when it was free.</param>
/// <param name="Holder">The stamp of the one who has it; <see langword="null"/> with <paramref name="Held"/>, or when nobody can tell.</param>
public readonly record struct FillLockAttempt(IHeldFillLock? Held, Position? Holder);

/// <summary>What became of another replica's fill.</summary>
public enum FillLockNews
{
    /// <summary>Its lock is gone without a word: try to take it.</summary>
    Lapsed,

    /// <summary>Its response is in the shared tier.</summary>
    Stored,

    /// <summary>Its response was not for others.</summary>
    NotStored,

    /// <summary>The lock's server does not answer: fill yourself.</summary>
    Unknown,
}
