using Microsoft.Extensions.Options;

namespace CacheProxy.Client.Events;

/// <summary>How long to wait after the n-th failure in a row: doubling, with jitter of a quarter either way, never shorter than a <c>Retry-After</c>.</summary>
public sealed class RetrySchedule(IOptions<CacheProxyClientOptions> options, TimeProvider clock, Random random)
{
    // A target that was down while the backend was down too deserves some tries before its old events are given up.
    private const int FailuresBeforeGivingUp = 12;
    private readonly Lock _lock = new();

    internal DateTimeOffset Now => clock.GetUtcNow();

    internal TimeSpan Longest => options.Value.LongestRetryAfter;

    internal TimeSpan GiveUpAfter => options.Value.GiveUpAfter;

    /// <summary>Whether an event of that age, after so many failures, is given up.</summary>
    internal bool IsOver(DateTimeOffset createdAt, int failures) => failures >= FailuresBeforeGivingUp && Now - createdAt >= GiveUpAfter;

    /// <summary>The pause before the next attempt, at most <see cref="CacheProxyClientOptions.LongestRetryAfter"/>.</summary>
    /// <param name="failures">Failures in a row so far, from 1.</param>
    /// <param name="retryAfter">What the target asked for.</param>
    public TimeSpan PauseAfter(int failures, TimeSpan? retryAfter = null)
    {
        var (first, longest) = (options.Value.FirstRetryAfter, options.Value.LongestRetryAfter);
        var doubled = Math.Min(longest.TotalMilliseconds, first.TotalMilliseconds * Math.Pow(2, Math.Min(failures - 1, 30)));

        // Random is not thread-safe, and every target's delivery asks here.
        double share;
        lock (_lock) share = random.NextDouble();
        var pause = TimeSpan.FromMilliseconds(doubled * (0.75 + (0.5 * share)));
        if (retryAfter > pause) pause = retryAfter.Value;
        return pause < longest ? pause : longest;
    }
}
