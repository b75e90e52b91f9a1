using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Storage;
using CacheProxy.Engine.Telemetry;
using Microsoft.AspNetCore.Http;
using Prometheus;

namespace CacheProxy.Engine.Caching;

/// <summary>
/// Answers from the shared tier: step 6 of the way. A key is read once at a time on this replica: who wants the same meanwhile waits for
/// that, and finds it in memory.
/// </summary>
internal sealed class SharedHits(
    SharedTier? tier, MemoryTier memory, Hits hits, FillRegistry fills, HitForMiss marks, IInvalidationLog log, CacheHeaders headers, CacheMetrics metrics, TimeProvider time)
{
    private readonly Dictionary<Hash256, Reading> _running = [];
    private readonly Lock _gate = new();

    /// <summary>
    /// Whether the shared tier may have what memory has not: under a full lease only, only for what is in memory in no form, and neither where
    /// the last response could not be stored, nor while a fill runs here, which has asked that itself and is to be joined.
    /// </summary>
    public bool MayHave(RequestPlan plan, in MemoryLookup lookup) =>
        tier is { IsAvailable: true } && lookup is { Right: ServingRight.Full, Stored: null, Part: null } && !marks.IsMarked(plan.Identity) && !fills.IsRunning(plan.Identity);

    /// <summary>Looks for a fresh stored response that answers the request.</summary>
    /// <exception cref="OperationCanceledException">The client left.</exception>
    public Task<SharedFinding> FindAsync(HttpContext context, RequestPlan plan, CacheControl? directives)
    {
        Reading reading;
        Task? ended = null;
        lock (_gate)
        {
            if (_running.TryGetValue(plan.Identity, out var running)) ended = (reading = running).Ended();
            else _running[plan.Identity] = reading = new Reading();
        }
        return ended is null ? ReadAsync(reading, context, plan, directives) : FollowAsync(ended, reading, context, plan, directives);
    }

    /// <summary>Whether it answers the request now: lease, snapshot and verdict are asked again, in that order (INVALIDATION 3).</summary>
    public bool StillAnswers(HttpContext context, MemoryEntry entry, CacheControl? directives) =>
        log.TakeRight(out var snapshot) == ServingRight.Full && Reuse.Answers(entry, snapshot!, directives, context.Request.Method, context.Request.Headers, time);

    private async Task<SharedFinding> FollowAsync(Task ended, Reading reading, HttpContext context, RequestPlan plan, CacheControl? directives)
    {
        using (metrics.FillWaiters.TrackInProgress()) await ended.WaitAsync(context.RequestAborted);
        return reading.HasNothing ? new(null, true) : new(InMemory(context, plan, directives), false);
    }

    private MemoryEntry? InMemory(HttpContext context, RequestPlan plan, CacheControl? directives) =>
        hits.Find(context, plan, directives) is { IsFresh: true, Stored: { } entry } ? entry : null;

    private async Task<SharedFinding> ReadAsync(Reading reading, HttpContext context, RequestPlan plan, CacheControl? directives)
    {
        try
        {
            // Another read may have ended since this request looked.
            if (InMemory(context, plan, directives) is { } meanwhile) return new(meanwhile, false);
            var found = await tier!.FindAsync(new RequestSelection(context.Request.Headers, plan.Policy, headers).QueryOf(plan));
            // An answer that did not come is no reason to wait for another.
            reading.HasNothing = found.IsUnanswered || ReferenceEquals(found, SharedLookup.Nothing);
            if (reading.HasNothing || log.TakeRight(out var snapshot) != ServingRight.Full) return new(null, reading.HasNothing);
            return found.YoungestValid(snapshot!, time) is { } best && Reuse.Answers(best, snapshot!, directives, context.Request.Method, context.Request.Headers, time)
                // What a fill has stored meanwhile is younger.
                ? new(InMemory(context, plan, directives) ?? memory.Add(best), false)
                : default;
        }
        finally
        {
            lock (_gate) _running.Remove(plan.Identity);
            reading.End();
        }
    }

    /// <summary>A read that is under way.</summary>
    private sealed class Reading
    {
        // Made by the first who waits, under the gate; most reads have nobody who does.
        private TaskCompletionSource? _ended;

        /// <summary>Known at its end.</summary>
        public bool HasNothing { get; set; }

        public Task Ended() => (_ended ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

        public void End() => _ended?.TrySetResult();
    }
}

/// <summary>What the shared tier has for a request.</summary>
/// <param name="Entry">A fresh response that answers it.</param>
/// <param name="HasNothing">Whether nothing stands there under its key, or it did not say: a fill need not begin with the same question.</param>
internal readonly record struct SharedFinding(MemoryEntry? Entry, bool HasNothing);
