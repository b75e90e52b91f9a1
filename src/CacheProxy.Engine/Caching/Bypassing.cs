using CacheProxy.Engine.Access;
using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Caching.Serving;
using CacheProxy.Engine.Policies;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace CacheProxy.Engine.Caching;

/// <summary>Requests that go past the cache: passed on as they are, and marked as such on the way back.</summary>
internal sealed class Bypassing(CacheStatusOptions options, UnsafeRequests unsafeRequests, RequestMeter meter)
{
    public async Task PassAsync(HttpContext context, RequestDelegate next, CachePolicy? policy, BypassReason reason)
    {
        var started = meter.Start();
        meter.Bypassed(policy, reason);
        context.Response.OnStarting(static state =>
        {
            var (pass, context, reason) = ((Bypassing, HttpContext, BypassReason))state;
            pass.Mark(context.Response.Headers, reason);
            return Task.CompletedTask;
        }, (this, context, reason));
        if (policy is not null) CodedTags.Remove(context.Request.Headers);
        await unsafeRequests.WatchAsync(context, policy);
        await next(context);
        meter.Count(context, policy, Answer.Bypassed(reason), started);
    }

    /// <summary>A query parameter that the policy does not take (<c>UnknownQuery: Reject</c>): the origin is not asked.</summary>
    public async Task RejectAsync(HttpContext context, CachePolicy policy, long started)
    {
        await ProblemWriter.WriteAsync(
            context, StatusCodes.Status400BadRequest, "unknown-query", "Unknown query parameter", "The query has a parameter that this resource does not take. Leave it out.");
        meter.Count(context, policy, new Answer(CacheResult.Error) { Detail = DecisionTable.Label(BypassReason.Rejected) }, started);
    }

    /// <summary>An access check that did not say yes: the backend's no is relayed, anything else is the backend's to decide.</summary>
    public async Task RefuseAsync(HttpContext context, RequestDelegate next, CachePolicy policy, AccessAnswer answer, long started)
    {
        if (answer.Verdict == AccessVerdict.Unknown)
        {
            await PassAsync(context, next, policy, BypassReason.AccessUnknown);
            return;
        }
        var response = context.Response;
        response.StatusCode = answer.Status;
        foreach (var (name, values) in ResponseEvaluation.FieldsToPass(answer.Headers))
            if (!string.Equals(name, HeaderNames.ContentLength, StringComparison.OrdinalIgnoreCase)) response.Headers[name] = values;
        response.Headers.Via = StringValues.Concat(response.Headers.Via, ViaText.Value);
        if (options.Shown) response.Headers["Cache-Status"] = StringValues.Concat(response.Headers["Cache-Status"], CacheStatusText.For(new Answer(CacheResult.Denied), default));
        response.ContentLength = answer.Body.Length;
        if (!HttpMethods.IsHead(context.Request.Method)) await response.BodyWriter.WriteAsync(answer.Body, context.RequestAborted);
        meter.Count(context, policy, new Answer(CacheResult.Denied), started);
    }

    private void Mark(IHeaderDictionary headers, BypassReason reason)
    {
        headers.Remove("Surrogate-Key");
        headers.Remove("Cache-Tag");
        headers.Via = StringValues.Concat(headers.Via, ViaText.Value);
        if (!options.Shown) return;
        headers["X-Cache"] = DecisionTable.XCache(CacheResult.Bypass);
        headers["Cache-Status"] = StringValues.Concat(headers["Cache-Status"], CacheStatusText.For(Answer.Bypassed(reason), default));
    }
}
