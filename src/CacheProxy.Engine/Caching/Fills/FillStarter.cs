using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Storage;
using CacheProxy.Engine.Telemetry;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>Joins or starts the right fill for a request: shared under a lease, in batches without one, or alone.</summary>
internal sealed class FillStarter(FillRegistry registry, FillRunner runner, HitForMiss marks, FillOptions options, CacheMetrics metrics, TimeProvider time)
{
    private readonly FillBudget _budget = new(options.MaxMemory);

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
        if (alone)
        {
            var own = Create(request, key, stored, shared: false, right);
            var attendance = own.Attend();
            runner.Start(own, static _ => { });
            return (attendance, true);
        }
        var (joined, started) = right == ServingRight.Full
            ? registry.Join(key, fill => MayJoin(fill, request, snapshot!), () => Create(request, key, stored, shared: true, right), Start)
            : registry.JoinNext(key, () => Create(request, key, stored, shared: true, right), Start);
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
        var (attendance, _) = registry.Join(
            key, fill => MayJoin(fill, request, snapshot), () => Create(request, key, stored, shared: true, ServingRight.Full, renews), Start);
        attendance.Dispose();
    }

    private static bool MayJoin(Fill fill, FillRequest request, Snapshot snapshot) =>
        !fill.Abandoned.IsCancellationRequested
        && fill.Plan.Policy.Fingerprint == request.Plan.Policy.Fingerprint
        && fill.MayBeJoined(snapshot, request.Plan.Tags);

    private void Start(Fill fill) => runner.Start(fill, registry.Remove);

    private Fill Create(FillRequest request, Hash256 key, MemoryEntry? stored, bool shared, ServingRight right, bool renews = false) =>
        new(request, key, stored, new FillBody(_budget, request.Plan.Policy.MaxEntrySize), options.Unattended, time)
        {
            IsShared = shared,
            // A policy in C# may want what is stored, and to wait for nobody.
            MayUseStored = (shared || request.Plan.InCode is { Looks: true, Joins: false }) && right == ServingRight.Full && !renews,
            MayUseParts = right == ServingRight.Full,
        };
}
