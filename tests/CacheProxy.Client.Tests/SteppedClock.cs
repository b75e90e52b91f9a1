using Microsoft.Extensions.Time.Testing;

namespace CacheProxy.Client.Tests;

/// <summary>A clock that a test moves from pause to pause: it knows what the code waits for, so that no attempt times out by the test's haste.</summary>
internal sealed class SteppedClock() : FakeTimeProvider(Beginning)
{
    public static readonly DateTimeOffset Beginning = DateTimeOffset.UnixEpoch.AddYears(50);

    /// <summary>The limit of an attempt in these tests; a timer of that length is an attempt under way, not a pause.</summary>
    public static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(20);

    private readonly Lock _lock = new();
    private TimeSpan? _pause;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        lock (_lock) _pause = dueTime == AttemptTimeout || dueTime <= TimeSpan.Zero ? null : dueTime;
        return timer;
    }

    /// <summary>The pause that the code is in; <see langword="null"/> while it is at work.</summary>
    public TimeSpan? TakePause()
    {
        lock (_lock)
        {
            var pause = _pause;
            _pause = null;
            return pause;
        }
    }

    /// <summary>Ends the pause that the code is in, if it is in one.</summary>
    public void EndPause()
    {
        if (TakePause() is { } pause) Advance(pause);
    }
}
