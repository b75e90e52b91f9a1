namespace CacheProxy.Engine.Caching.Fills;

/// <summary>
/// The fills that are running, by what they are joined by. Under a lease a request joins one whose response would be valid for it; without
/// one only a fill that starts after it arrived (the next-batch rule of INVALIDATION 3).
/// Invariant: per key the one that started last stands here; an older one, replaced because a purge outdated it, ends on its own.
/// </summary>
internal sealed class FillRegistry
{
    private readonly Dictionary<Hash256, Running> _running = [];
    private readonly Lock _gate = new();

    /// <summary>Joins the running fill if it may be joined, else starts one. The caller attends it either way.</summary>
    /// <returns>The fill, and whether this caller started it.</returns>
    /// <param name="key">What it is joined by.</param>
    /// <param name="wanted">What <paramref name="mayJoin"/> and <paramref name="create"/> are asked with: they are static, and nothing is allocated to ask them.</param>
    /// <param name="mayJoin">Whether the running one will do.</param>
    /// <param name="create">Makes one.</param>
    /// <param name="start">Starts what was made.</param>
    public (FillAttendance Attendance, bool Started) Join<TWanted>(Hash256 key, in TWanted wanted, Func<Fill, TWanted, bool> mayJoin, Func<TWanted, Fill> create, Action<Fill> start)
    {
        Fill fill;
        FillAttendance attendance;
        lock (_gate)
        {
            if (_running.TryGetValue(key, out var running) && mayJoin(running.Current, wanted))
            {
                return (running.Current.Attend(), false);
            }
            fill = create(wanted);
            attendance = fill.Attend();
            _running[key] = new Running(fill);
        }
        start(fill);
        return (attendance, true);
    }

    /// <summary>Joins the batch that has not started yet; it starts when the running one's head is there. At most two run per key.</summary>
    public (FillAttendance Attendance, bool Started) JoinNext<TWanted>(Hash256 key, in TWanted wanted, Func<TWanted, Fill> create, Action<Fill> start)
    {
        Fill fill;
        FillAttendance attendance;
        lock (_gate)
        {
            if (_running.TryGetValue(key, out var running))
            {
                if (running.Next is { } next)
                {
                    return (next.Attend(), false);
                }
                fill = create(wanted);
                attendance = fill.Attend();
                running.Next = fill;
                _ = StartAfterAsync(key, running, fill, start);
                return (attendance, true);
            }
            fill = create(wanted);
            attendance = fill.Attend();
            _running[key] = new Running(fill);
        }
        start(fill);
        return (attendance, true);
    }

    /// <summary>Whether a fill runs that a request for the key might join.</summary>
    public bool IsRunning(in Hash256 key)
    {
        lock (_gate) return _running.ContainsKey(key);
    }

    /// <summary>The fill has ended: what it stored, if anything, is in its place.</summary>
    public void Remove(Fill fill)
    {
        lock (_gate)
        {
            if (_running.TryGetValue(fill.Key, out var running) && running.Current == fill && running.Next is null) _running.Remove(fill.Key);
        }
    }

    private async Task StartAfterAsync(Hash256 key, Running running, Fill fill, Action<Fill> start)
    {
        await running.Current.Outcome;
        lock (_gate) _running[key] = new Running(fill);
        start(fill);
    }

    private sealed class Running(Fill current)
    {
        public Fill Current { get; } = current;

        public Fill? Next { get; set; }
    }
}
