using System.Runtime.CompilerServices;

namespace CacheProxy.Engine;

/// <summary>
/// A step whose time grows with its input. Up to a size it is taken where it comes up; a longer one goes to the thread pool, because it may come
/// up on the thread on which everybody's sockets are read (docs/decisions/0007).
/// </summary>
internal static class LongStep
{
    // To parse so much, or to compress it, takes about a millisecond.
    private const int FromBytes = 32 * 1_024;

    /// <summary>Awaited before the step.</summary>
    /// <param name="bytes">The size of its input.</param>
    public static ConfiguredTaskAwaitable Over(long bytes) =>
        Task.CompletedTask.ConfigureAwait(bytes < FromBytes ? ConfigureAwaitOptions.None : ConfigureAwaitOptions.ForceYielding);
}
