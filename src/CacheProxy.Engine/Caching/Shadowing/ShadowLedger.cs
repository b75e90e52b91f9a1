using System.Collections.Concurrent;
using CacheProxy.Engine.Access;
using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Storage;
using CacheProxy.Engine.Telemetry;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Caching.Shadowing;

/// <summary>
/// <c>Mode: Shadow</c>: every request goes to the backend, and what the policy would have made of it is counted. Instead of responses this
/// remembers what would have been stored, without bodies, bounded, and under the same rules of validity.
/// </summary>
internal sealed class ShadowLedger(ResponseEvaluation evaluation, CacheHeaders headers, CallerCredentials credentials, IInvalidationLog log, CacheMetrics metrics, TimeProvider time)
{
    private const int MaxRemembered = 100_000;
    private readonly ConcurrentDictionary<Hash256, StoredResponse> _remembered = new();

    /// <summary>Counts what would have become of the request, now and when its response comes.</summary>
    public void Watch(HttpContext context, RequestPlan plan)
    {
        var snapshot = log.Current;
        if (WouldHit(context, plan, snapshot))
        {
            Count(plan, "hit");
            return;
        }
        var request = new FillRequest(context, plan, credentials.HasAuthorization(context.Request.Headers), stored: null);
        var asked = time.GetUtcNow();
        context.Response.OnStarting(() =>
        {
            var received = ConnectionFields.EndToEnd(HeaderFields.Copy(context.Response.Headers));
            var (prototype, _) = evaluation.Evaluate(request, context.Response.StatusCode, received, snapshot?.Position, asked, time.GetUtcNow());
            Count(plan, prototype is null ? "not-stored" : "miss");
            if (prototype is not null) Remember(plan.Identity, prototype);
            return Task.CompletedTask;
        });
    }

    private bool WouldHit(HttpContext context, RequestPlan plan, Snapshot? snapshot)
    {
        if (snapshot is null || !_remembered.TryGetValue(plan.Identity, out var response)) return false;
        var entry = new MemoryEntry(response, time);
        return response.Fingerprint == plan.Policy.Fingerprint
            && new RequestSelection(context.Request.Headers, plan.Policy, headers).Matches(response)
            && Reuse.IsFreshEnough(entry, snapshot, null);
    }

    private void Remember(Hash256 identity, StoredResponse prototype)
    {
        // Forgetting all of it makes the next figures too low for a while; keeping what strangers choose would cost memory.
        if (_remembered.Count >= MaxRemembered) _remembered.Clear();
        _remembered[identity] = prototype;
    }

    private void Count(RequestPlan plan, string outcome) => metrics.Shadow.WithLabels(plan.Policy.Name, outcome).Inc();
}
