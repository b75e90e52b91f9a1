using CacheProxy.Engine.Caching.Refreshing;
using CacheProxy.Engine.Caching.Serving;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Storage;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Caching;

/// <summary>Answers from memory: steps 4 and 5 of the way. No await, no lock, and no allocation but what the answer's second costs.</summary>
internal sealed class Hits(
    MemoryTier memory, IInvalidationLog log, ConsistencyOptions consistency, StoredWriter writer, CacheHeaders headers, BehindHits behind, RequestMeter meter)
{
    /// <summary>Looks in memory, under the lease and the snapshot, read in that order.</summary>
    public MemoryLookup Find(HttpContext context, RequestPlan plan, CacheControl? directives)
    {
        var right = log.TakeRight(out var snapshot);
        var serves = right == ServingRight.Full
            || (right == ServingRight.MemoryOnly && (plan.Policy.OnLostLease ?? consistency.OnLostLease) == OnLostLease.Serve);
        if (!serves) return new(right, null, false, false);
        var selection = new RequestSelection(context.Request.Headers, plan.Policy, headers);
        var stored = Reuse.Select(memory.Find(plan.Identity), plan, selection, snapshot!, out var others);
        return new(right, stored, stored is { Response.IsPartial: false } && Reuse.IsFreshEnough(stored, snapshot!, directives), others);
    }

    /// <summary>Sends a fresh stored response.</summary>
    public Task AnswerAsync(HttpContext context, MemoryEntry entry, RequestPlan plan, long started)
    {
        var policy = plan.Policy;
        MemoryTier.Touch(entry);
        if (policy.WorksBehindHits) behind.Consider(context, plan, entry);
        var written = writer.WriteAsync(context, entry, new Answer(CacheResult.Hit));
        if (!written.IsCompletedSuccessfully) return AnswerSlowlyAsync(written, context, entry, policy, started);
        meter.Hit(context, policy, new Answer(CacheResult.Hit), started, entry);
        return Task.CompletedTask;
    }

    private async Task AnswerSlowlyAsync(Task written, HttpContext context, MemoryEntry entry, CachePolicy policy, long started)
    {
        try
        {
            await written;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client left.
        }
        meter.Hit(context, policy, new Answer(CacheResult.Hit), started, entry);
    }
}

/// <summary>What memory had.</summary>
/// <param name="Right">From where this request may be answered.</param>
/// <param name="Stored">The valid stored response that answers it, fresh or not.</param>
/// <param name="IsFresh">Whether it may be sent at once.</param>
/// <param name="Others">Whether there are others for its key.</param>
internal readonly record struct MemoryLookup(ServingRight Right, MemoryEntry? Stored, bool IsFresh, bool Others);
