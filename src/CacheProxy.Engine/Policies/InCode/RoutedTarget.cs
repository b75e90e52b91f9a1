using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Http.Features;

namespace CacheProxy.Engine.Policies.InCode;

/// <summary>
/// The target that was routed. In a pipeline of somebody else's a rewrite, or an error page, may have put another one into the place of what
/// the client sent; then that is what the endpoint answers, and what is keyed.
/// </summary>
internal static class RoutedTarget
{
    /// <summary>The client's own bytes, unless they are no longer what was routed.</summary>
    public static string Of(HttpContext context)
    {
        var request = context.Request;
        var raw = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        if (raw.Length == 0) return request.GetEncodedPathAndQuery();
        var sent = RequestTarget.Parse(raw);
        var isRouted = string.Equals(PathString.FromUriComponent(sent.Path).Value, request.PathBase.Value + request.Path.Value, StringComparison.Ordinal)
            && string.Equals(sent.Query ?? "", request.QueryString.HasValue ? request.QueryString.Value![1..] : "", StringComparison.Ordinal);
        return isRouted ? raw : request.GetEncodedPathAndQuery();
    }

    /// <summary>Does something under the routed target.</summary>
    public static T Under<T>(HttpContext context, Func<T> work)
    {
        var feature = context.Features.GetRequiredFeature<IHttpRequestFeature>();
        var sent = feature.RawTarget;
        feature.RawTarget = Of(context);
        try
        {
            return work();
        }
        finally
        {
            feature.RawTarget = sent;
        }
    }
}
