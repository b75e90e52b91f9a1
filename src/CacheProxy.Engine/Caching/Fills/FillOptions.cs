namespace CacheProxy.Engine.Caching.Fills;

/// <summary>The bounds of fills (DESIGN 2, Limits).</summary>
public sealed record FillOptions
{
    /// <summary>Memory of all running fills together, in bytes. Default 64 MiB; beyond it a fill streams through, unstored.</summary>
    public long MaxMemory { get; init; } = 64L << 20;

    /// <summary>How long a fill goes on that nobody waits for any more. Default 30 s.</summary>
    public TimeSpan Unattended { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a key whose response could not be stored is remembered as such. Default 10 s.</summary>
    public TimeSpan HitForMiss { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary><c>Origin:MaxConcurrentFills</c> per cluster. Default 64.</summary>
    public int MaxConcurrent { get; init; } = 64;

    /// <summary>How many fills may queue per cluster behind those; beyond it 503. Default 1 024.</summary>
    public int MaxQueued { get; init; } = 1_024;

    /// <summary>The longest that a request waits for a fill of another one. Default 100 s, the default time-out of a route.</summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromSeconds(100);
}
