using System.Collections.Concurrent;

namespace CacheProxy.Engine.Invalidation;

/// <summary>The purges of this replica that wait for acknowledgements, and the waiting itself.</summary>
internal sealed class PurgeWaiters(ILogTransport transport, BootClock clock, TimeProvider time)
{
    private static readonly TimeSpan s_firstPoll = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_lastPoll = TimeSpan.FromMilliseconds(320);
    private const int MostHeard = 4_096;
    private readonly ConcurrentDictionary<long, (PurgeWait Wait, PurgeSignal Signal)> _waiting = new();
    private readonly ConcurrentDictionary<string, Position> _heard = new(StringComparer.Ordinal);
    private long _last;

    /// <summary>Takes note of an acknowledgement. Should two threads be late with each other's, the poll makes up for it.</summary>
    public void Acknowledge(Epoch epoch, string replica, long applied)
    {
        // Replicas come and go with new names; what is forgotten is polled for.
        if (_heard.Count >= MostHeard) _heard.Clear();
        _heard[replica] = new(epoch, applied);
        foreach (var (_, (wait, signal)) in _waiting)
            if (wait.Acknowledge(epoch, replica, applied)) signal.Release();
    }

    /// <summary>Returns when the purge is true on every replica.</summary>
    /// <param name="wait">What it waits for.</param>
    /// <param name="missed">Called when an acknowledgement is late.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task WaitAsync(PurgeWait wait, Action missed, CancellationToken cancellationToken)
    {
        var signal = new PurgeSignal(time);
        // By number: a simulation needs the same order each time.
        var number = Interlocked.Increment(ref _last);
        _waiting[number] = (wait, signal);
        try
        {
            // What was acknowledged between the append and this line.
            foreach (var (replica, at) in _heard) wait.Acknowledge(at.Epoch, replica, at.Sequence);
            var pause = s_firstPoll;
            for (var over = wait.OverAt(); over > clock.Now; over = wait.OverAt())
            {
                var left = BootClock.Duration(over - clock.Now) + TimeSpan.FromMilliseconds(1);
                if (await signal.WaitAsync(left < pause ? left : pause, cancellationToken)) continue;
                await PollAsync(wait);
                if (wait.Missing.Count > 0) missed();
                pause = pause * 2 < s_lastPoll ? pause * 2 : s_lastPoll;
            }
        }
        finally
        {
            _waiting.TryRemove(number, out _);
        }
    }

    private async Task PollAsync(PurgeWait wait)
    {
        if (wait.Missing.Count == 0) return;
        try
        {
            // Without that epoch nobody can acknowledge any more; the leases of its time still lapse.
            if (await transport.PollAsync(wait.Position.Epoch) is { } registry) wait.Acknowledge(registry);
        }
        catch (LogTransportException)
        {
            // The next poll, or the end of the leases.
        }
    }
}
