using System.Buffers;
using CacheProxy.Management;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Hosting.Requests;

/// <summary>
/// Refuses, with 400 and the end of the connection, what two servers in a row could read differently and Kestrel lets pass: a length beside
/// a transfer coding (RFC 9112 §6.3), a coding that is not exactly one <c>chunked</c>, control characters in values (RFC 9110 §5.5), a
/// <c>Host</c> that is missing or no host.
/// </summary>
internal sealed class StrictRequestMiddleware(RequestDelegate next)
{
    /// <summary>Where Kestrel leaves a <c>Content-Length</c> that stood beside a transfer coding.</summary>
    private const string LengthBesideCoding = "X-Content-Length";

    private static readonly SearchValues<char> s_controls = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Where(c => c != '\t').Select(c => (char)c), '\x7f']);

    public Task InvokeAsync(HttpContext context)
    {
        if (Refusal(context.Request) is { } refusal) return RefuseAsync(context, refusal);

        // A gRPC call may be silent for as long as it likes; the minimum rate is for bodies that somebody waits for.
        if (context.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true
            && context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        return next(context);
    }

    private static string? Refusal(HttpRequest request)
    {
        var headers = request.Headers;
        var coding = headers.TransferEncoding;
        if (coding.Count != 0)
        {
            if (coding.Count != 1 || !string.Equals(coding[0], "chunked", StringComparison.OrdinalIgnoreCase)) return "Transfer-Encoding is not exactly one 'chunked'.";
            if (headers.ContentLength is not null || headers.ContainsKey(LengthBesideCoding)) return "Content-Length and Transfer-Encoding are both given.";
            if (request.Protocol == HttpProtocol.Http10) return "HTTP/1.0 has no Transfer-Encoding.";
        }
        else
        {
            // Nobody may make the origin see a header that means something else behind another Kestrel.
            headers.Remove(LengthBesideCoding);
        }

        if (!HostSyntax.IsValid(request.Host.Value)) return "Host is missing, or is not a host with an optional port.";
        foreach (var header in headers)
            if (HasControls(header.Value)) return "A header value contains a control character.";
        return null;
    }

    private static bool HasControls(StringValues values)
    {
        for (var i = 0; i < values.Count; i++)
            if (values[i].AsSpan().ContainsAny(s_controls)) return true;
        return false;
    }

    private static Task RefuseAsync(HttpContext context, string detail)
    {
        if (context.Request.Protocol is not ("HTTP/2" or "HTTP/3")) context.Response.Headers.Connection = "close";
        return new Problem(StatusCodes.Status400BadRequest, "bad-request", "Bad request", detail).WriteAsync(context);
    }
}
