using CacheProxy.Engine.Access;
using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Caching.InCode;
using CacheProxy.Engine.Caching.Shadowing;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Policies;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Caching;

/// <summary>
/// A request's way through the cache:
/// <code>
/// 1 policy   the endpoint's; none, an upgrade, a method that it does not take ─▶ past the cache
/// 2 body     of POST and QUERY, read before anything is held
/// 3 plan     identity, tags, what a fill would send; or a reason to go past the cache
/// 4 right    the lease, then the snapshot, in that order
/// 5 memory   valid and fresh ─▶ answer (no await, no lock)
/// 6 shared   what another replica has stored, valid and fresh ─▶ into memory, answer
/// 7 stale    allowed ─▶ answer, refresh behind it
/// 8 fill     joined or started: other replicas, origin ─▶ answer as it arrives
/// </code>
/// Where the policy asks the backend who may see it, that comes before each answer from a cache.
/// </summary>
internal sealed class CacheMiddleware(
    RequestDelegate next, Hits hits, SharedHits shared, TargetMemo memo, AccessGate access, FillClient fills, Bypassing bypassing, PolicyModes modes, ShadowLedger shadow, RequestMeter meter,
    InCodeRequests inCode, CacheLimits limits)
{
    public Task InvokeAsync(HttpContext context)
    {
        var endpoint = context.GetEndpoint();
        var policy = endpoint?.Metadata.GetMetadata<CachePolicy>();
        if (policy is null)
            return inCode.Find(endpoint) is { } written ? inCode.AnswerAsync(context, next, written) : bypassing.PassAsync(context, next, null, BypassReason.NoPolicy);
        var started = meter.Start();
        var mode = modes.Of(policy);
        if (Refuses(context, policy, mode) is var reason && reason != BypassReason.None) return bypassing.PassAsync(context, next, policy, reason);
        return policy.ReadsBody && !HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method)
            ? AnswerWithBodyAsync(context, policy, mode, started)
            : AnswerAsync(context, policy, mode, null, started);
    }

    private static BypassReason Refuses(HttpContext context, CachePolicy policy, PolicyMode mode)
    {
        if (mode == PolicyMode.Off) return BypassReason.Off;
        if (!policy.Allows(context.Request.Method)) return BypassReason.Method;
        return RequestPlanner.IsUpgrade(context) ? BypassReason.Upgrade : BypassReason.None;
    }

    private async Task AnswerWithBodyAsync(HttpContext context, CachePolicy policy, PolicyMode mode, long started)
    {
        var body = await RequestBody.ReadAsync(context, limits.MaxKeyBodySize, context.RequestAborted);
        await AnswerAsync(context, policy, mode, body, started);
    }

    private Task AnswerAsync(HttpContext context, CachePolicy policy, PolicyMode mode, RequestBody? body, long started)
    {
        var reason = policy.Plan(context, body, out var plan);
        if (plan is null)
        {
            return reason == BypassReason.Rejected && mode == PolicyMode.On
                ? bypassing.RejectAsync(context, policy, started)
                : bypassing.PassAsync(context, next, policy, reason);
        }
        if (mode == PolicyMode.Shadow)
        {
            shadow.Watch(context, plan);
            return bypassing.PassAsync(context, next, policy, BypassReason.Shadow);
        }

        var directives = policy.RequestDirectives == RequestDirectives.Honor ? Freshness.OfRequest(context.Request.Headers) : null;
        var lookup = hits.Find(context, plan, directives);
        if (lookup.IsFresh)
        {
            if (!plan.AccessTargets.IsEmpty) return HitAfterAccessAsync(context, plan, started);
            if (context.Features.Get<MemoVersion>() is { } routed) memo.Learn(context, plan, routed);
            return hits.AnswerAsync(context, lookup.Stored!, plan, started);
        }
        return shared.MayHave(plan, lookup)
            ? AnswerFromSharedAsync(context, plan, lookup, directives, started)
            : FillAsync(context, new FillDemand(plan, lookup, directives, started));
    }

    private async Task HitAfterAccessAsync(HttpContext context, RequestPlan plan, long started)
    {
        if (await IsRefusedAsync(context, plan, started)) return;
        // The question took its time: lease, snapshot and entry are asked again, in that order.
        var lookup = hits.Find(context, plan, null);
        if (lookup.IsFresh) await hits.AnswerAsync(context, lookup.Stored!, plan, started);
        else await FillAsync(context, new FillDemand(plan, lookup, null, started));
    }

    private async Task AnswerFromSharedAsync(HttpContext context, RequestPlan plan, MemoryLookup lookup, CacheControl? directives, long started)
    {
        SharedFinding found;
        try
        {
            found = await shared.FindAsync(context, plan, directives);
        }
        catch (OperationCanceledException)
        {
            context.Abort();
            return;
        }
        if (found.Entry is { } entry)
        {
            if (!plan.AccessTargets.IsEmpty && await IsRefusedAsync(context, plan, started)) return;
            if (shared.StillAnswers(context, entry, directives))
            {
                await hits.SendAsync(context, entry, plan.Policy, new Answer(CacheResult.HitShared), started);
                return;
            }
        }
        await FillAsync(context, new FillDemand(plan, lookup, directives, started) { HasLooked = found.HasNothing });
    }

    /// <summary>Whether the backend did not say that this caller may see it; then that is the answer.</summary>
    private async Task<bool> IsRefusedAsync(HttpContext context, RequestPlan plan, long started)
    {
        var answer = await access.AskAsync(context, plan);
        if (answer.Verdict == AccessVerdict.Allowed) return false;
        await bypassing.RefuseAsync(context, next, plan.Policy, answer, started);
        return true;
    }

    private async Task FillAsync(HttpContext context, FillDemand demand)
    {
        var answer = await fills.AnswerAsync(context, demand);
        if (answer.Refused is { } refused) await bypassing.RefuseAsync(context, next, demand.Plan.Policy, refused, demand.Started);
        else if (answer.PassReason != BypassReason.None) await bypassing.PassAsync(context, next, demand.Plan.Policy, answer.PassReason);
    }
}
