using System.Collections.Frozen;
using CacheProxy.Engine.Access;
using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Policies;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace CacheProxy.Engine.Caching;

/// <summary>Which request fields a fill sends (DESIGN 2: what is not keyed is not sent).</summary>
public sealed class CacheHeaders
{
    private static readonly FrozenSet<string> s_neverPassed = new[]
    {
        // Fields by which a stranger could choose what the origin answers (RELIABILITY A1, A3, A4).
        "X-Forwarded-Host", "X-Forwarded-Scheme", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Host", "X-Original-URL", "X-Rewrite-URL", "Forwarded",
        "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override",
        // A fill asks for the whole, unconditionally; validators of ours are added after.
        HeaderNames.IfMatch, HeaderNames.IfNoneMatch, HeaderNames.IfModifiedSince, HeaderNames.IfUnmodifiedSince, HeaderNames.IfRange, HeaderNames.Range,
        HeaderNames.Expect, HeaderNames.Host, HeaderNames.ContentLength, "X-Content-Length",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private readonly CredentialOptions _credentials;

    /// <summary>Takes the names of <c>CredentialHeaders</c>.</summary>
    public CacheHeaders(CredentialOptions credentials) => _credentials = credentials;

    internal bool IsSent(CachePolicy policy, string name) =>
        policy.FollowsOrigin
        || string.Equals(name, HeaderNames.Origin, StringComparison.OrdinalIgnoreCase)
        || policy.VaryByHeader.Contains(name, StringComparer.OrdinalIgnoreCase)
        || (SendsCredentials(policy) && _credentials.Contains(name))
        || string.Equals(name, HeaderNames.TraceParent, StringComparison.OrdinalIgnoreCase);

    /// <summary>The fields of a fill.</summary>
    /// <param name="request">What started it.</param>
    /// <param name="basis">What it is based on.</param>
    internal IHeaderDictionary ForFill(FillRequest request, FillBasis basis)
    {
        var sent = request.Plan.Policy.FollowsOrigin ? AllButNeverPassed(request.Headers) : OnlyKeyed(request);
        if (request.Plan.Body is { } body)
        {
            if (!request.Plan.Policy.FollowsOrigin) sent.ContentType = "application/json";
            sent.ContentLength = body.Length;
        }
        if (basis.Validates is { } stored)
        {
            sent.IfNoneMatch = stored.Response.Headers[HeaderNames.ETag];
            sent.IfModifiedSince = stored.Response.Headers[HeaderNames.LastModified];
        }
        if (basis.Rest is { } rest)
        {
            sent.Range = rest.Range;
            sent.IfRange = rest.Validator;
        }
        else if (basis.AsksRange)
        {
            sent.Range = request.Range;
            sent.IfRange = request.Headers.IfRange;
        }
        return sent;
    }

    /// <summary>The fields of a request that a fill for it sends, but for those of ours.</summary>
    internal IHeaderDictionary SentOf(FillRequest request)
    {
        if (request.Plan.Policy.FollowsOrigin) return AllButNeverPassed(request.Headers);
        var sent = new HeaderDictionary();
        foreach (var (name, values) in request.Headers)
            if (IsSent(request.Plan.Policy, name) && !string.Equals(name, HeaderNames.TraceParent, StringComparison.OrdinalIgnoreCase)) sent[name] = values;
        return sent;
    }

    private IHeaderDictionary OnlyKeyed(FillRequest request)
    {
        // Ours, and the host that is added to them.
        IHeaderDictionary sent = new HeaderDictionary(4) { [HeaderNames.UserAgent] = CallerCredentials.UserAgent };
        if (request.Plan.Accept is { } accept) sent.Accept = accept;
        foreach (var (name, values) in request.Headers)
            if (IsSent(request.Plan.Policy, name)) sent[name] = values;
        return sent;
    }

    private static HeaderDictionary AllButNeverPassed(IHeaderDictionary headers)
    {
        var sent = new HeaderDictionary(headers.Count);
        foreach (var (name, values) in headers)
            if (!s_neverPassed.Contains(name) && !name.StartsWith(':')) sent[name] = values;
        ConnectionFields.Remove(sent);
        return sent;
    }

    private static bool SendsCredentials(CachePolicy policy) => policy.VaryByCredential || policy.Shared || policy.AccessCheck is not null;
}
