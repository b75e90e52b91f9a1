using System.Collections.Immutable;
using CacheProxy.Engine.Caching.InCode;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Policies.InCode;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace CacheProxy.Engine.Caching.Explaining;

/// <summary>Goes the way of <see cref="CacheMiddleware"/> with a request that nobody sent, and writes down what it finds instead of answering.</summary>
internal sealed class Explainer(
    RouteProbe routes, PolicyModes modes, Hits hits, StoredLookup stored, DecisionRing ring, InCodeRequests inCode, CacheLimits limits, IServiceScopeFactory scopes) : IExplainer
{
    public IEnumerable<PastDecision> Recent => ring.Newest();

    public PastDecision? Find(string traceId) => ring.Find(traceId);

    public async Task<Explanation> ExplainAsync(ExplainedRequest request, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var context = ContextOf(request, scope.ServiceProvider);
        await routes.RouteAsync(context);
        if (context.GetEndpoint() is not { } endpoint) return new() { Result = "no-route", Notes = ["No route matches the request: it is answered 404."] };
        var begun = new Explanation { Route = endpoint.DisplayName, Result = DecisionTable.Label(CacheResult.Bypass), Notes = [] };
        if (endpoint.Metadata.GetMetadata<CachePolicy>() is not { } policy)
        {
            return inCode.Find(endpoint) is { } written
                ? await ExplainInCodeAsync(begun, context, written)
                : begun with { Reason = DecisionTable.Label(BypassReason.NoPolicy), Notes = ["The route has no OutputCachePolicy: the request passes through."] };
        }

        var mode = modes.Of(policy);
        begun = begun with { Policy = policy.Name, Mode = mode.ToString() };
        if (mode == PolicyMode.Off)
            return begun with { Reason = DecisionTable.Label(BypassReason.Off), Notes = [policy.Mode == PolicyMode.Off ? "The policy's Mode is Off." : "The kill switch is on."] };
        var body = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) ? null : await RequestBody.ReadAsync(context, limits.MaxKeyBodySize, cancellationToken);
        var reason = policy.Plan(context, body, out var plan);
        if (plan is null)
        {
            var isRejected = reason == BypassReason.Rejected && mode == PolicyMode.On;
            return begun with { Result = DecisionTable.Label(isRejected ? CacheResult.Error : CacheResult.Bypass), Reason = DecisionTable.Label(reason), Notes = [BypassTexts.Of(reason)] };
        }
        begun = With(begun, plan);
        return mode == PolicyMode.Shadow
            ? begun with { Reason = DecisionTable.Label(BypassReason.Shadow), Notes = ["Mode Shadow: what the policy would do is counted, the request passes through."] }
            : await LookUpAsync(begun, context, plan);
    }

    // What a policy in C# makes of a request is known only to itself: it is asked, as it would be.
    private async Task<Explanation> ExplainInCodeAsync(Explanation begun, HttpContext context, PolicyInCode policy)
    {
        begun = begun with { Policy = policy.Name, Mode = modes.Of(policy.Plain).ToString() };
        var (reason, plan) = await inCode.PlanAsync(context, policy);
        return plan is null
            ? begun with { Reason = DecisionTable.Label(reason), Notes = [BypassTexts.Of(reason)] }
            : await LookUpAsync(With(begun, plan), context, plan);
    }

    private static Explanation With(Explanation begun, RequestPlan plan) =>
        begun with { Key = plan.PrimaryKey, Name = plan.Name, Tags = plan.Tags, Target = plan.Target, AccessChecks = plan.AccessTargets };

    private async Task<Explanation> LookUpAsync(Explanation begun, HttpContext context, RequestPlan plan)
    {
        var notes = ImmutableArray.CreateBuilder<string>();
        if (!plan.AccessTargets.IsEmpty) notes.Add("Before a stored response is sent, the backend is asked whether this caller may see it.");
        var directives = plan.Policy.RequestDirectives == RequestDirectives.Honor ? Freshness.OfRequest(context.Request.Headers) : null;
        var lookup = hits.Find(context, plan, directives);
        if (lookup.Right == ServingRight.None) notes.Add("This replica holds no lease: it answers from the origin until it hears from the log again.");
        var (entries, shared) = await stored.FindAsync(context, plan, directives, lookup.Right);
        begun = begun with { Entries = entries };
        if (lookup.IsFresh) return Done(CacheResult.Hit, null, $"A fresh response is in memory, {lookup.Stored!.Age.TotalSeconds:F0} s old.");
        if (lookup.Stored is { } stale)
        {
            notes.Add(stale.IsBehindPurge ? "The stored response is stale because of a soft purge." : "The stored response is stale, or not fresh enough for the request.");
            if (Reuse.AllowsStaleWhileRevalidate(stale, directives))
                return Done(CacheResult.Stale, "swr", "Within StaleWhileRevalidate: it is sent at once and refreshed behind the answer.");
        }
        if (shared) return Done(CacheResult.HitShared, null, "A fresh response is in the shared tier.");
        if (HttpMethods.IsHead(context.Request.Method) && (lookup.Stored is null || !plan.Policy.FollowsOrigin)) return Done(CacheResult.Bypass, DecisionTable.Label(BypassReason.Head), BypassTexts.Of(BypassReason.Head));
        if (stored.IsMarked(plan)) notes.Add("The last response for this key could not be stored: for a while requests for it do not wait for each other.");
        var forward = lookup.Stored is not null ? "stale" : lookup.Others ? "vary-miss" : "uri-miss";
        return Done(CacheResult.Miss, forward, forward switch
        {
            "stale" => "The origin is asked.",
            "vary-miss" => "What is stored under its key was selected by other request fields: the origin is asked.",
            _ => "Nothing that is valid is stored under its key: the origin is asked.",
        });

        Explanation Done(CacheResult result, string? reason, string note)
        {
            notes.Add(note);
            return begun with { Result = DecisionTable.Label(result), Reason = reason, Notes = notes.DrainToImmutable() };
        }
    }

    private static DefaultHttpContext ContextOf(ExplainedRequest explained, IServiceProvider services)
    {
        var context = new DefaultHttpContext { RequestServices = services };
        var request = context.Request;
        var target = RequestTarget.Parse(explained.Target);
        request.Method = explained.Method;
        request.Scheme = explained.Scheme;
        request.Host = new HostString(explained.Host);
        request.Path = PathString.FromUriComponent(target.Path);
        if (target.Query is { } query) request.QueryString = new QueryString("?" + query);
        foreach (var (name, values) in explained.Headers) request.Headers[name] = values;
        if (explained.Body is { } body)
        {
            request.Body = new MemoryStream(body.ToArray());
            request.ContentLength = body.Length;
        }
        if (explained.Headers.Host.Count == 0) request.Headers.Host = explained.Host;
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = explained.Target;
        return context;
    }
}
