using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Policies.InCode;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Caching.InCode;

/// <summary>
/// The way of requests whose policies are written in C#: a branch of <see cref="CacheMiddleware"/>, so that compiled policies pay nothing for
/// it. The policies are asked, what they decide becomes a plan, and from there on it is the same way.
/// </summary>
internal sealed class InCodeRequests(
    PoliciesInCode policies, Hits hits, FillClient fills, Bypassing bypassing, PolicyModes modes, RequestMeter meter, CacheLimits limits, TimeProvider time)
{
    /// <summary>What the endpoint says in C#; <see langword="null"/> for nothing.</summary>
    public PolicyInCode? Find(Endpoint? endpoint) => policies.Find(endpoint);

    public async Task AnswerAsync(HttpContext context, RequestDelegate next, PolicyInCode policy)
    {
        var started = meter.Start();
        try
        {
            var (reason, plan) = await PlanAsync(context, policy);
            if (plan is not null) reason = await AnswerAsync(context, plan, started);
            if (reason != BypassReason.None) await bypassing.PassAsync(context, next, policy.Plain, reason);
        }
        finally
        {
            RequestDecision.Leave(context);
        }
    }

    /// <returns>Why the request goes past the cache; <see cref="BypassReason.None"/>: it has its answer.</returns>
    private async Task<BypassReason> AnswerAsync(HttpContext context, RequestPlan plan, long started)
    {
        var decision = plan.InCode!;
        var lookup = decision.Looks ? hits.Find(context, plan, null) : new MemoryLookup(ServingRight.None, null, null, false, false);
        if (lookup.IsFresh)
        {
            await decision.BeforeHitAsync(context, time);
            // They took their time: lease, snapshot and entry are asked again, in that order.
            lookup = hits.Find(context, plan, null);
        }
        if (lookup.IsFresh)
        {
            await hits.AnswerAsync(context, lookup.Stored!, plan, started);
            return BypassReason.None;
        }
        if (!decision.Stores) return BypassReason.Policy;
        var answer = await fills.AnswerAsync(context, new FillDemand(plan, lookup, null, started) { BeforeHit = () => decision.BeforeHitAsync(context, time) });
        return answer.PassReason;
    }

    /// <summary>Asks the policies, and plans what they decide.</summary>
    public async ValueTask<(BypassReason Reason, RequestPlan? Plan)> PlanAsync(HttpContext context, PolicyInCode policy)
    {
        switch (modes.Of(policy.Plain))
        {
            case PolicyMode.Off:
                return (BypassReason.Off, null);
            case PolicyMode.Shadow:
                return (BypassReason.Shadow, null);
        }
        if (RequestPlanner.IsUpgrade(context)) return (BypassReason.Upgrade, null);
        // An error page, executed for what came before it: its status is not the endpoint's.
        if (context.Response.StatusCode != StatusCodes.Status200OK) return (BypassReason.Policy, null);
        var decision = await RequestDecision.AskAsync(policy, context);
        if (!decision.IsOn) return (BypassReason.Policy, null);
        RequestBody? body = null;
        switch (context.Request.Method)
        {
            case "GET" or "HEAD":
                break;
            // The stock key has no body; ours has, so that a policy may say POST without mixing up what was asked.
            case "POST" or "QUERY":
                body = await RequestBody.ReadAsync(context, limits.MaxKeyBodySize, context.RequestAborted);
                break;
            default:
                return (BypassReason.Method, null);
        }
        var reason = policies.Plan(decision, context, body, out var plan);
        return (reason, plan);
    }
}
