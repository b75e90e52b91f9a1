using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Storage;
using CacheProxy.Engine.Telemetry;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>Joins or starts the right fill for a request: shared under a lease, in batches without one, or alone.</summary>
internal sealed class FillStarter(FillRegistry registry, FillRunner runner, HitForMiss marks, FillOptions options, CacheMetrics metrics, TimeProvider time)
{
    private readonly FillBudget _budget = new(options.MaxMemory);
    private readonly TimeSpan _unattended = options.Unattended;
    private readonly TimeProvider _time = time;
    private readonly Action<Fill> _start = fill => runner.Start(fill, registry.Remove);

    /// <summary>Whether requests for this key are not to wait for each other for now.</summary>
    public bool IsMarked(in Hash256 key) => marks.IsMarked(key);

    /// <param name="request">What to ask.</param>
    /// <param name="key">What it is joined by.</param>
    /// <param name="stored">What may be validated or served instead of an error.</param>
    /// <param name="right">The right that was taken with <paramref name="snapshot"/>.</param>
    /// <param name="snapshot">The state that decides what may be joined.</param>
    /// <param name="alone">Neither joined nor to be joined.</param>
    public (FillAttendance Attendance, bool Started) Obtain(
        FillRequest request, Hash256 key, MemoryEntry? stored, ServingRight right, Snapshot? snapshot, bool alone)
    {
        var wanted = new Wanted(this, request, key, stored, snapshot, right, Shared: !alone);
        if (alone)
        {
            var own = wanted.Create();
            var attendance = own.Attend();
            runner.Start(own, static _ => { });
            return (attendance, true);
        }
        var (joined, started) = right == ServingRight.Full
            ? registry.Join(key, wanted, static (fill, wanted) => wanted.MayJoin(fill), static wanted => wanted.Create(), _start)
            : registry.JoinNext(key, wanted, static wanted => wanted.Create(), _start);
        if (!started) joined.CountIn(metrics.FillWaiters);
        return (joined, started);
    }

    /// <summary>Starts a fill that nobody waits for, unless one is running.</summary>
    /// <param name="request">What to ask.</param>
    /// <param name="key">What it is joined by.</param>
    /// <param name="stored">What it takes the place of.</param>
    /// <param name="snapshot">The state that decides what may be joined.</param>
    /// <param name="renews">Whether what is stored is still fresh: the shared tier would give back the same.</param>
    public void Refresh(FillRequest request, Hash256 key, MemoryEntry stored, Snapshot snapshot, bool renews = false)
    {
        if (!stored.TryBeginRefresh()) return;
        var wanted = new Wanted(this, request, key, stored, snapshot, ServingRight.Full, Shared: true, renews);
        registry.Join(key, wanted, static (fill, wanted) => wanted.MayJoin(fill), static wanted => wanted.Create(), _start).Attendance.Dispose();
    }

    /// <summary>What a request wants of a fill that is running, or of one that is made for it.</summary>
    private readonly record struct Wanted(
        FillStarter Starter, FillRequest Request, Hash256 Key, MemoryEntry? Stored, Snapshot? Snapshot, ServingRight Right, bool Shared, bool Renews = false)
    {
        public bool MayJoin(Fill fill) =>
            !fill.Abandoned.IsCancellationRequested
            && fill.Plan.Policy.Fingerprint == Request.Plan.Policy.Fingerprint
            && fill.MayBeJoined(Snapshot!, Request.Plan.Tags);

        public Fill Create() => new(Request, Key, Stored, new FillBody(Starter._budget, Request.Plan.Policy.MaxEntrySize), Starter._unattended, Starter._time)
        {
            IsShared = Shared,
            // A policy in C# may want what is stored, and to wait for nobody.
            MayUseStored = (Shared || Request.Plan.InCode is { Looks: true, Joins: false }) && Right == ServingRight.Full && !Renews,
            MayUseParts = Right == ServingRight.Full,
        };
    }
}
