using CacheProxy.Engine.Caching.Refreshing;
using CacheProxy.Engine.Caching.Serving;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Storage;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Caching;

/// <summary>Answers from memory: steps 4 and 5 of the way. No await, no lock, and no allocation but what the
/// entry's first hit and the answer's second cost.</summary>
internal sealed class Hits(
    MemoryTier memory, IInvalidationLog log, ConsistencyOptions consistency, StoredWriter writer, CacheHeaders headers, BehindHits behind, KeptRequests kept, RequestMeter meter, TimeProvider time)
{
    /// <summary>Looks in memory, under the lease and the snapshot, read in that order.</summary>
    public MemoryLookup Find(HttpContext context, RequestPlan plan, CacheControl? directives)
    {
        var right = log.TakeRight(out var snapshot);
        var serves = right == ServingRight.Full
            || (right == ServingRight.MemoryOnly && (plan.Policy.OnLostLease ?? consistency.OnLostLease) == OnLostLease.Serve);
        if (!serves) return new(right, null, null, false, false);
        var request = context.Request;
        var selected = Reuse.Select(memory.Find(plan.Identity), plan, new RequestSelection(request.Headers, plan.Policy, headers), snapshot!);
        if (selected is { Whole: null, Part: { } part } && HttpMethods.IsGet(request.Method) && Reuse.IsFreshEnough(part, snapshot!, directives)
            && Parts.Answer(part.Response, request.Headers, time.GetUtcNow()) is not null)
            return new(right, part, null, true, selected.Others);
        var fresh = selected.Whole is { } whole && Reuse.Answers(whole, snapshot!, directives, request.Method, request.Headers, time);
        return new(right, selected.Whole, selected.Part, fresh, selected.Others);
    }

    /// <summary>Sends a fresh stored response.</summary>
    public Task AnswerAsync(HttpContext context, MemoryEntry entry, RequestPlan plan, long started)
    {
        var policy = plan.Policy;
        MemoryTier.Touch(entry);
        if (entry.Kept is null) kept.Keep(context, plan, entry);
        if (policy.WorksBehindHits) behind.Consider(context, plan, entry);
        return SendAsync(context, entry, policy, new Answer(CacheResult.Hit), started);
    }

    /// <summary>Sends a stored response, wherever it was found, and counts it.</summary>
    public Task SendAsync(HttpContext context, MemoryEntry entry, CachePolicy policy, in Answer answer, long started)
    {
        var written = writer.WriteAsync(context, entry, answer);
        if (!written.IsCompletedSuccessfully) return SendSlowlyAsync(written, context, entry, policy, answer, started);
        meter.Hit(context, policy, answer, started, entry);
        return Task.CompletedTask;
    }

    private async Task SendSlowlyAsync(Task written, HttpContext context, MemoryEntry entry, CachePolicy policy, Answer answer, long started)
    {
        try
        {
            await written;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client left.
        }
        meter.Hit(context, policy, answer, started, entry);
    }
}

/// <summary>What memory had.</summary>
/// <param name="Right">From where this request may be answered.</param>
/// <param name="Stored">The valid stored response that answers it, fresh or not.</param>
/// <param name="Part">A valid part of what answers it, where <paramref name="Stored"/> is not that.</param>
/// <param name="IsFresh">Whether <paramref name="Stored"/> may be sent at once.</param>
/// <param name="Others">Whether there are others for its key.</param>
internal readonly record struct MemoryLookup(ServingRight Right, MemoryEntry? Stored, MemoryEntry? Part, bool IsFresh, bool Others);
