using CacheProxy.Engine.Access;
using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Caching.Serving;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace CacheProxy.Engine.Caching;

/// <summary>
/// A request's way through the cache:
/// <code>
/// 1 policy   the endpoint's; none, an upgrade, a method that it does not take ─▶ past the cache
/// 2 body     of POST and QUERY, read before anything is held
/// 3 plan     identity, tags, what a fill would send; or a reason to go past the cache
/// 4 right    the lease, then the snapshot, in that order
/// 5 memory   valid and fresh ─▶ answer (no await, no lock)
/// 6 access   where the policy asks the backend who may see it
/// 7 stale    allowed ─▶ answer, refresh behind it
/// 8 fill     joined or started: shared tier, other replicas, origin ─▶ answer as it arrives
/// </code>
/// </summary>
internal sealed class CacheMiddleware(
    RequestDelegate next, MemoryTier memory, IInvalidationLog log, AccessGate access, FillClient fills, StoredWriter writer, Bypassing bypassing,
    CacheHeaders headers, RequestMeter meter, CacheLimits limits)
{
    public Task InvokeAsync(HttpContext context)
    {
        var policy = context.GetEndpoint()?.Metadata.GetMetadata<CachePolicy>();
        if (policy is null) return bypassing.PassAsync(context, next, null, BypassReason.NoPolicy);
        var started = meter.Start();
        if (Refuses(context, policy) is var reason && reason != BypassReason.None) return bypassing.PassAsync(context, next, policy, reason);
        return policy.ReadsBody && !HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method)
            ? AnswerWithBodyAsync(context, policy, started)
            : AnswerAsync(context, policy, null, started);
    }

    private static BypassReason Refuses(HttpContext context, CachePolicy policy)
    {
        if (policy.Mode == PolicyMode.Off) return BypassReason.Off;
        if (!policy.Allows(context.Request.Method)) return BypassReason.Method;
        if (context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } || context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true })
            return BypassReason.Upgrade;
        return context.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true ? BypassReason.Upgrade : BypassReason.None;
    }

    private async Task AnswerWithBodyAsync(HttpContext context, CachePolicy policy, long started)
    {
        var body = await RequestBody.ReadAsync(context, limits.MaxKeyBodySize, context.RequestAborted);
        await AnswerAsync(context, policy, body, started);
    }

    private Task AnswerAsync(HttpContext context, CachePolicy policy, RequestBody? body, long started)
    {
        var reason = policy.Plan(context, body, out var plan);
        if (plan is null) return bypassing.PassAsync(context, next, policy, reason);

        var right = log.TakeRight(out var snapshot);
        var mayUseMemory = right == ServingRight.Full || (right == ServingRight.MemoryOnly && policy.OnLostLease == OnLostLease.Serve);
        MemoryEntry? stored = null;
        var others = false;
        var directives = policy.RequestDirectives == RequestDirectives.Honor ? DirectivesOf(context) : null;
        if (mayUseMemory)
        {
            var selection = new RequestSelection(context.Request.Headers, policy, headers);
            stored = Reuse.Select(memory.Find(plan.Identity), plan, selection, snapshot!, out others);
            if (stored is not null && !stored.Response.IsPartial && Reuse.IsFreshEnough(stored, snapshot!, directives))
            {
                return plan.AccessTargets.IsEmpty
                    ? Hit(context, stored, policy, started)
                    : HitAfterAccessAsync(context, stored, plan, started);
            }
        }
        return FillAsync(context, new FillDemand(plan, stored, others, directives, right, started));
    }

    private static CacheControl? DirectivesOf(HttpContext context)
    {
        var request = context.Request.Headers;
        if (request.CacheControl.Count > 0) return CacheControl.Parse(request.CacheControl);
        // §5.4: Pragma counts where there is no Cache-Control.
        return request.Pragma.Count > 0 && request.Pragma.ToString().Contains("no-cache", StringComparison.OrdinalIgnoreCase) ? s_noCache : null;
    }

    private static readonly CacheControl s_noCache = CacheControl.Parse("no-cache");

    private Task Hit(HttpContext context, MemoryEntry entry, CachePolicy policy, long started)
    {
        MemoryTier.Touch(entry);
        var written = writer.WriteAsync(context, entry, new Answer(CacheResult.Hit));
        if (!written.IsCompletedSuccessfully) return HitSlowlyAsync(written, context, entry, policy, started);
        meter.Hit(policy, CacheResult.Hit, context.Response.StatusCode, started, entry.Response.FillTime);
        return Task.CompletedTask;
    }

    private async Task HitSlowlyAsync(Task written, HttpContext context, MemoryEntry entry, CachePolicy policy, long started)
    {
        try
        {
            await written;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client left.
        }
        meter.Hit(policy, CacheResult.Hit, context.Response.StatusCode, started, entry.Response.FillTime);
    }

    private async Task HitAfterAccessAsync(HttpContext context, MemoryEntry entry, RequestPlan plan, long started)
    {
        var answer = await access.AskAsync(context, plan);
        if (answer.Verdict == AccessVerdict.Allowed)
        {
            // The question took its time: lease, snapshot and validity are asked again, in that order.
            if (log.TakeRight(out var snapshot) == ServingRight.Full && entry.Check(snapshot!) == Verdict.Valid)
            {
                await Hit(context, entry, plan.Policy, started);
                return;
            }
            await FillAsync(context, new FillDemand(plan, null, false, null, log.TakeRight(out _), started));
            return;
        }
        await bypassing.RefuseAsync(context, next, plan.Policy, answer, started);
    }

    private async Task FillAsync(HttpContext context, FillDemand demand)
    {
        if (demand.Directives is { OnlyIfCached: true })
        {
            await ProblemWriter.WriteAsync(context, StatusCodes.Status504GatewayTimeout, "only-if-cached", "Nothing fresh is stored, and the request forbids asking the origin");
            meter.Count(demand.Plan.Policy, CacheResult.Error, context.Response.StatusCode, demand.Started);
            return;
        }
        var answer = await fills.AnswerAsync(context, demand);
        if (answer.Refused is { } refused) await bypassing.RefuseAsync(context, next, demand.Plan.Policy, refused, demand.Started);
        else if (answer.PassReason != BypassReason.None) await bypassing.PassAsync(context, next, demand.Plan.Policy, answer.PassReason);
    }
}
