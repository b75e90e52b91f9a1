using CacheProxy.Engine.Invalidation;

namespace CacheProxy.Engine.Tests.Simulation;

/// <summary>A machine's boot clock: it drifts, and counts the machine's suspension unless it is the wrong clock.</summary>
internal sealed class SimulatedClock(Scheduler scheduler, double rate, long offset) : BootClock
{
    private long _notCounted;

    public double Rate => rate;

    public override long Now => offset + (long)((scheduler.Now - _notCounted) * rate);

    /// <summary>What a clock that stands still while its machine sleeps would not have seen.</summary>
    public void LeaveOut(long duration) => _notCounted += duration;
}

/// <summary>The same for code that takes a <see cref="TimeProvider"/>: timers fire on the process's own turn.</summary>
internal sealed class SimulatedTime(Scheduler scheduler, SimulatedClock clock, Action<Action> post) : TimeProvider
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => Scheduler.Second;

    public override long GetTimestamp() => clock.Now;

    public override DateTimeOffset GetUtcNow() => s_start + BootClock.Duration(scheduler.Now);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer();
        scheduler.After((long)(BootClock.Nanoseconds(dueTime) / clock.Rate), () => post(() =>
        {
            if (!timer.IsDisposed) callback(state);
        }));
        return timer;
    }

    private sealed class Timer : ITimer
    {
        public bool IsDisposed { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period) => throw new NotSupportedException("Nothing that is simulated changes a timer.");

        public void Dispose() => IsDisposed = true;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
