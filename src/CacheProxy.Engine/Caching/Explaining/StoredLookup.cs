using System.Collections.Immutable;
using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Storage;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Caching.Explaining;

/// <summary>All that is stored under a plan's key, with the reason for and against each.</summary>
internal sealed class StoredLookup(MemoryTier memory, SharedTier? tier, HitForMiss marks, CacheHeaders headers, IInvalidationLog log, TimeProvider time)
{
    public bool IsMarked(RequestPlan plan) => marks.IsMarked(plan.Identity);

    /// <returns>The entries, and whether one of the shared tier would answer.</returns>
    public async Task<(ImmutableArray<ExplainedEntry> Entries, bool SharedAnswers)> FindAsync(HttpContext context, RequestPlan plan, CacheControl? directives, ServingRight right)
    {
        var snapshot = log.Current;
        var entries = ImmutableArray.CreateBuilder<ExplainedEntry>();
        foreach (var entry in memory.Find(plan.Identity)) entries.Add(Describe(entry, "memory", VerdictOf(context, plan, entry, snapshot)));
        if (tier is null || right != ServingRight.Full || snapshot is null) return (entries.DrainToImmutable(), false);

        var found = await tier.FindAsync(new RequestSelection(context.Request.Headers, plan.Policy, headers).QueryOf(plan));
        var answers = false;
        foreach (var response in found.Responses)
        {
            var entry = new MemoryEntry(response, time);
            entries.Add(Describe(entry, "shared", VerdictOf(context, plan, entry, snapshot)));
            answers |= Reuse.Answers(entry, snapshot, directives, context.Request.Method, context.Request.Headers, time);
        }
        return (entries.DrainToImmutable(), answers);
    }

    private string VerdictOf(HttpContext context, RequestPlan plan, MemoryEntry entry, Snapshot? snapshot)
    {
        if (entry.Response.Fingerprint != plan.Policy.Fingerprint) return "other-policy";
        if (snapshot is null || entry.Check(snapshot) == Verdict.Invalid) return "purged";
        if (!new RequestSelection(context.Request.Headers, plan.Policy, headers).Matches(entry.Response)) return "other-variant";
        return entry.Check(snapshot) == Verdict.Stale ? "stale" : "valid";
    }

    private static ExplainedEntry Describe(MemoryEntry entry, string tier, string verdict) =>
        new(tier, verdict, FillKey.NamesOf(entry.Response), entry.Age, entry.Response.FreshUntilAge - entry.Age);
}
