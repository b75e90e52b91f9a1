using System.Threading.Channels;
using CacheProxy.Engine.Redis;

namespace CacheProxy.Engine.Tests.Redis;

public sealed class BoundedCallTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMilliseconds(100);
    private readonly HeldTimers _time = new();
    private readonly TaskCompletionSource<int> _reply = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task Limit_PassesWhileTheProcessRuns_GivesUp()
    {
        var call = _reply.Task.WithinAsync(s_limit, _time);

        await _time.FireAsync(after: s_limit);

        await Assert.ThrowsAsync<TimeoutException>(() => call);
    }

    [Fact]
    public async Task Limit_PassesWhileTheProcessDoesNotRun_GivesTheReplyItsTime()
    {
        var call = _reply.Task.WithinAsync(s_limit, _time);
        await _time.FireAsync(after: s_limit * 3);
        await _time.NextAsync();

        _reply.SetResult(42);

        Assert.Equal(42, await call);
    }

    [Fact]
    public async Task Reply_ThatWaitsForAThreadWhenTheLimitPasses_IsTaken()
    {
        var call = _reply.Task.WithinAsync(s_limit, _time);
        // In time, but behind other work: it is there a moment after the timer.
        _time.WhenAsked = () => _reply.SetResult(42);

        await _time.FireAsync(after: s_limit);

        Assert.Equal(42, await call);
    }

    [Fact]
    public async Task Process_ThatNeverRunsInTime_GivesUpAfterAll()
    {
        var call = _reply.Task.WithinAsync(s_limit, _time);

        for (var time = 0; time <= BoundedCall.Again; time++) await _time.FireAsync(after: s_limit * 3);

        await Assert.ThrowsAsync<TimeoutException>(() => call);
    }

    [Fact]
    public async Task Failure_OfTheCall_IsTheCallers()
    {
        var call = _reply.Task.WithinAsync(s_limit, _time);

        _reply.SetException(new TimeoutException("The server's own"));

        Assert.Equal("The server's own", (await Assert.ThrowsAsync<TimeoutException>(() => call)).Message);
    }

    /// <summary>Timers that fire when told to, with as much time gone by as told.</summary>
    private sealed class HeldTimers : TimeProvider
    {
        private readonly Channel<Action> _due = Channel.CreateUnbounded<Action>();
        private Action? _next;
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        /// <summary>Happens once, when the time is asked for next.</summary>
        public Action? WhenAsked { get; set; }

        public override long GetTimestamp()
        {
            var asked = WhenAsked;
            WhenAsked = null;
            asked?.Invoke();
            return Volatile.Read(ref _now);
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _due.Writer.TryWrite(() => callback(state));
            return new Timer(static _ => { }, null, Timeout.Infinite, Timeout.Infinite);
        }

        public async Task NextAsync() => _next ??= await _due.Reader.ReadAsync();

        public async Task FireAsync(TimeSpan after)
        {
            await NextAsync();
            Interlocked.Add(ref _now, after.Ticks);
            var fire = _next!;
            _next = null;
            fire();
        }
    }
}
