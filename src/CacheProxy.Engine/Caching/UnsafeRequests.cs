using CacheProxy.Engine.Http;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace CacheProxy.Engine.Caching;

/// <summary>
/// What a request that changes something makes worthless: its own target, and <c>Location</c> and <c>Content-Location</c> of the same
/// origin (RFC 9111 §4.4), and what the policy's <c>InvalidateOnSuccess</c> names. The client's answer waits for the acknowledgement.
/// </summary>
internal sealed partial class UnsafeRequests(IInvalidationLog log, ITargetNames names, CacheLimits limits, ILogger<UnsafeRequests> logger)
{
    /// <summary>Arranges for the purge, before the request is passed on; reads its body where the policy names something in it.</summary>
    public async ValueTask WatchAsync(HttpContext context, CachePolicy? policy)
    {
        var method = context.Request.Method;
        // A method that the policy answers from its cache is safe for it: a POST comparison does not purge itself.
        if (MethodFacts.IsSafe(method) || policy?.Allows(method) == true) return;
        var body = policy is { ReadsBodyOnSuccess: true } ? await RequestBody.ReadAsync(context, limits.MaxKeyBodySize, context.RequestAborted) : null;
        context.Response.OnStarting(static state =>
        {
            var (unsafeRequests, context, policy, body) = ((UnsafeRequests, HttpContext, CachePolicy?, RequestBody?))state;
            return Task.WhenAll(unsafeRequests.PurgeAsync(context, policy, body), unsafeRequests.PurgeGroupsAsync(context));
        }, (this, context, policy, body));
    }

    // RFC 9875 §3: on responses to unsafe methods, whatever their status.
    private async Task PurgeGroupsAsync(HttpContext context)
    {
        var groups = CacheTags.GroupsOf(context.Response.Headers["Cache-Group-Invalidation"]);
        if (!groups.IsEmpty) await AppendAsync(context, new() { Tags = groups }, InvalidationSource.CacheGroup, problem: null);
    }

    private async Task PurgeAsync(HttpContext context, CachePolicy? policy, RequestBody? body)
    {
        if (!StatusFacts.IsNonError(context.Response.StatusCode)) return;
        var purge = names.Of(context);
        foreach (var other in OtherTargets(context)) purge = Join(purge, names.Of(other));
        string? problem = null;
        var named = policy?.NamesOnSuccess(context, body, out problem)?.ToInvalidation() ?? new();
        // The targets are gone (§4.4); what the policy names in another mode is a purge of its own.
        if (named.Mode == InvalidationMode.Hard) (purge, named) = (Join(purge, named), new());
        await Task.WhenAll(
            AppendAsync(context, purge, InvalidationSource.UnsafeRequest, named.IsEmpty ? problem : null),
            AppendAsync(context, named, InvalidationSource.UnsafeRequest, problem));
    }

    // The change has happened: what cannot be named as it should be is everything, and operators are told (INVALIDATION 4).
    private Task AppendAsync(HttpContext context, Invalidation.Invalidation purge, InvalidationSource source, string? problem)
    {
        if (purge.IsEmpty) return Task.CompletedTask;
        var recorded = LogRecord.OrEverything(purge);
        if (!ReferenceEquals(recorded, purge))
            problem ??= $"{purge.Count} names do not fit into one record ({Invalidation.Invalidation.MaxNames} names, {LogRecord.MaxBytes / 1_024} KiB)";
        if (problem is not null) Log.PurgesEverything(logger, context.Request.Method, context.GetEndpoint()?.DisplayName ?? "(none)", problem);
        return log.AppendAfterChangeAsync(recorded, source);
    }

    // Location and Content-Location (§4.4): each as a request for it would be named.
    private static IEnumerable<HttpContext> OtherTargets(HttpContext context)
    {
        var request = context.Request;
        var own = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "/";
        foreach (var target in Invalidates.Of(request.Method, context.Response.StatusCode, request.Scheme, request.Host, own, HeaderFields.Copy(context.Response.Headers)).Skip(1))
        {
            var parsed = RequestTarget.Parse(target);
            var other = new DefaultHttpContext();
            other.Request.Scheme = request.Scheme;
            other.Request.Host = request.Host;
            other.Request.Path = PathString.FromUriComponent(parsed.Path);
            if (parsed.Query is { } query) other.Request.QueryString = new QueryString("?" + query);
            other.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = target;
            yield return other;
        }
    }

    private static Invalidation.Invalidation Join(Invalidation.Invalidation a, Invalidation.Invalidation b) => new()
    {
        Keys = [.. a.Keys.Union(b.Keys)],
        Tags = [.. a.Tags.Union(b.Tags)],
        Patterns = [.. a.Patterns.Union(b.Patterns)],
        Everything = a.Everything || b.Everything,
    };

    private static partial class Log
    {
        [LoggerMessage(3106, LogLevel.Warning, "A {Method} through route {Route} changed something that could not be named, so that everything is purged: {Problem}. Have InvalidateOnSuccess of the route's policy name what every request has, in few names (a tag, a pattern), or have the backend send an event instead.")]
        public static partial void PurgesEverything(ILogger logger, string method, string route, string problem);
    }
}
