using CacheProxy.Engine.Access;
using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Storage;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Caching.Refreshing;

/// <summary>What a policy has done behind a hit, after it was decided: <c>RefreshAhead</c> and <c>Verify</c>. Policies without either never come here.</summary>
internal sealed class BehindHits(FillStarter starter, Verifier verifier, IInvalidationLog log, CacheHeaders headers, CallerCredentials credentials)
{
    public void Consider(HttpContext context, RequestPlan plan, MemoryEntry entry)
    {
        if (IsDue(entry, plan.Policy.RefreshAhead)) RefreshAhead(context, plan, entry);
        if (verifier.IsChosen(plan.Policy.Verify)) verifier.Start(RequestOf(context, plan, entry), entry);
    }

    /// <summary>Whether the share of its lifetime is over; an entry that was old when it came counts from its arrival.</summary>
    internal static bool IsDue(MemoryEntry entry, double share)
    {
        if (share <= 0) return false;
        var response = entry.Response;
        var lifetime = response.FreshUntilAge - response.InitialAge;
        return lifetime > TimeSpan.Zero && entry.Age - response.InitialAge >= lifetime * share;
    }

    private void RefreshAhead(HttpContext context, RequestPlan plan, MemoryEntry entry)
    {
        if (log.TakeRight(out var snapshot) != ServingRight.Full) return;
        var request = RequestOf(context, plan, entry);
        starter.Refresh(request, FillKey.Of(request, FillKey.NamesOf(entry.Response), headers), entry, snapshot!, renews: true);
    }

    private FillRequest RequestOf(HttpContext context, RequestPlan plan, MemoryEntry entry) => new(context, plan, credentials.HasAuthorization(context.Request.Headers), entry);
}
