using CacheProxy.Engine.Invalidation;

namespace CacheProxy.Engine.Storage;

/// <summary>
/// A stored response in memory, with what a hit needs: its age on a clock that only goes forward, the verdict of its last validity check,
/// and what a writer has prepared for it.
/// </summary>
public sealed class MemoryEntry
{
    private static readonly TimeSpan s_refreshInterval = TimeSpan.FromSeconds(1);
    private readonly TimeProvider _time;
    private readonly long _loaded;
    private readonly TimeSpan _ageAtLoad;
    private long _checked;
    private long _refreshed;
    private long _behindSince;
    private long _hitsBefore;
    private long _hitsLater;

    /// <summary>Computes the age once from the wall clock; from here on it grows with the monotonic one (DESIGN 4).</summary>
    public MemoryEntry(StoredResponse response, TimeProvider time)
    {
        Response = response;
        Size = response.Size;
        _time = time;
        _loaded = time.GetTimestamp();
        var resident = time.GetUtcNow() - response.ResponseTime;
        _ageAtLoad = response.InitialAge + (resident > TimeSpan.Zero ? resident : TimeSpan.Zero);
    }

    /// <summary>What is stored.</summary>
    public StoredResponse Response { get; }

    /// <summary>Bytes that count against <c>Memory:Limit</c>.</summary>
    public long Size { get; internal set; }

    /// <summary>What the serving side keeps with it: header texts, codings. Never anything of one request.</summary>
    public object? Prepared { get; set; }

    /// <summary>What is kept with it to fetch it again; <see langword="null"/> until its first hit. See <see cref="Keep"/>.</summary>
    public object? Kept { get; private set; }

    internal long KeptSize { get; private set; }

    /// <summary>Keeps something with the entry for as long as it lives.</summary>
    /// <param name="kept">Never changed afterwards.</param>
    /// <param name="size">What it costs in bytes, roughly.</param>
    public void Keep(object kept, long size)
    {
        Kept = kept;
        KeptSize = size;
    }

    /// <summary>Whether a soft purge has named it, as far as was looked.</summary>
    public bool IsBehindPurge => Volatile.Read(ref _behindSince) != 0;

    /// <summary>How long it has been known to be behind a soft purge; zero if it is not.</summary>
    public TimeSpan TimeBehindPurge => Volatile.Read(ref _behindSince) is var since && since != 0 ? _time.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>Hits of the last minutes (<see cref="HitWindow"/> to twice that).</summary>
    public long RecentHits => Math.Max(0, Hits - Volatile.Read(ref _hitsBefore));

    /// <summary>How often the sweeper moves the window of <see cref="RecentHits"/>.</summary>
    internal static readonly TimeSpan HitWindow = TimeSpan.FromMinutes(2.5);

    /// <summary>Moves the window on.</summary>
    internal void MoveHitWindow()
    {
        Volatile.Write(ref _hitsBefore, _hitsLater);
        _hitsLater = Hits;
    }

    /// <summary>The current age of RFC 9111 §4.2.3.</summary>
    public TimeSpan Age => _ageAtLoad + _time.GetElapsedTime(_loaded);

    /// <summary>How often it was served: what <c>refresh</c> and a dry run's share of hits go by.</summary>
    public long Hits => Volatile.Read(ref HitCount);

    /// <summary>Whether a background refresh may start now: at most one a second per entry, so that a failing origin is not asked in a loop.</summary>
    public bool TryBeginRefresh()
    {
        var last = Volatile.Read(ref _refreshed);
        if (last != 0 && _time.GetElapsedTime(last) < s_refreshInterval) return false;
        return Interlocked.CompareExchange(ref _refreshed, _time.GetTimestamp(), last) == last;
    }

    internal long HitCount;

    // SIEVE: set by readers without a lock, cleared by the hand.
    internal bool Visited;
    internal MemoryEntry? Newer;
    internal MemoryEntry? Older;
    internal bool Linked;

    /// <summary>
    /// Step 4 of answering (INVALIDATION 3) as one comparison: the generation under which it was last found valid is remembered with
    /// the verdict, so that only a purge costs a look into the index.
    /// </summary>
    public Verdict Check(Snapshot snapshot)
    {
        var last = Volatile.Read(ref _checked);
        if (last >> 1 == snapshot.Generation) return (last & 1) == 0 ? Verdict.Valid : Verdict.Stale;
        // An older snapshot than the remembered one must not be answered from a later verdict's patterns: check it in full.
        var since = last >> 1 < snapshot.Generation ? last >> 1 : 0;
        var known = since == 0 ? Verdict.Invalid : (last & 1) == 0 ? Verdict.Valid : Verdict.Stale;
        var verdict = snapshot.Check(Response.Stamp, Response.PrimaryKey, Response.Tags, since, known);
        if (verdict == Verdict.Stale && Volatile.Read(ref _behindSince) == 0) Volatile.Write(ref _behindSince, _time.GetTimestamp());
        if (verdict != Verdict.Invalid && since == last >> 1)
            Interlocked.CompareExchange(ref _checked, snapshot.Generation << 1 | (verdict == Verdict.Stale ? 1L : 0L), last);
        return verdict;
    }
}
