using System.Net;

namespace CacheProxy.Hosting.Requests;

/// <summary>
/// Takes scheme, host and client from a trusted hop, and takes what strangers claim away, so that nothing behind can believe it. Only
/// <c>http</c> and <c>https</c> are schemes: another one would make a cache entry per invented word.
/// </summary>
internal sealed class ForwardedMiddleware(RequestDelegate next, ForwardedOptions options)
{
    private const string For = "X-Forwarded-For", Proto = "X-Forwarded-Proto", Host = "X-Forwarded-Host";

    private static readonly string[] s_all = [For, Proto, Host, "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-Scheme", "Forwarded"];

    public Task InvokeAsync(HttpContext context)
    {
        if (options.Knows(context.Connection.RemoteIpAddress)) Believe(context);
        foreach (var name in s_all) context.Request.Headers.Remove(name);
        return next(context);
    }

    private void Believe(HttpContext context)
    {
        var request = context.Request;
        var headers = request.Headers;
        if (Last(headers[Proto]) is { } proto && proto.ToLowerInvariant() is "http" or "https") request.Scheme = Last(headers[Proto])!.ToLowerInvariant();
        if (Last(headers[Host]) is { } host && HostSyntax.IsValid(host)) request.Host = new(host);

        // From the nearest hop outwards, as long as each one is known: the first stranger is the client.
        var chain = headers[For].SelectMany(line => (line ?? "").Split(',', StringSplitOptions.TrimEntries)).ToArray();
        for (var i = chain.Length - 1; i >= 0 && Address(chain[i]) is { } address; i--)
        {
            context.Connection.RemoteIpAddress = address;
            context.Connection.RemotePort = 0;
            if (!options.Knows(address)) break;
        }
    }

    private static IPAddress? Address(string text) =>
        IPAddress.TryParse(text, out var address) ? address
        : IPEndPoint.TryParse(text, out var end) ? end.Address
        : null;

    /// <summary>The nearest hop's own value: the last of all lines and commas.</summary>
    private static string? Last(Microsoft.Extensions.Primitives.StringValues values) =>
        values.Count == 0 ? null : values[^1]?.Split(',')[^1].Trim() is { Length: > 0 } last ? last : null;
}
