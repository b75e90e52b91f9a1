using System.Text;
using System.Text.Json;
using CacheProxy.Engine.Caching.Explaining;

namespace CacheProxy.Management.Explaining;

/// <summary>The body of <c>POST …/explain</c>: <c>{"method","url","headers","body"}</c>. An unknown member is an error, since it may be a misspelled one.</summary>
internal static class ExplainRequest
{
    /// <summary>Reads it.</summary>
    /// <returns>Null with what is wrong.</returns>
    public static ExplainedRequest? Read(HttpContext context, JsonElement root, out Problem problem)
    {
        problem = default;
        string? method = null, url = null;
        var headers = new HeaderDictionary();
        ReadOnlyMemory<byte>? body = null;
        if (root.ValueKind != JsonValueKind.Object) return Refuse("The body is not a JSON object. Send for instance {\"method\":\"GET\",\"url\":\"/api/v1/models/available\"}.", out problem);
        foreach (var member in root.EnumerateObject())
        {
            switch (member.Name)
            {
                case "method" when BoundedBody.TryGetText(member.Value, out var text): method = text; break;
                case "url" when BoundedBody.TryGetText(member.Value, out var text): url = text; break;
                case "headers":
                    if (ReadHeaders(member.Value, headers) is { } wrong) return Refuse(wrong, out problem);
                    break;
                // A string is the body as it is sent; anything else is the JSON that it holds.
                case "body": body = BoundedBody.TryGetText(member.Value, out var raw) ? Encoding.UTF8.GetBytes(raw) : Encoding.UTF8.GetBytes(member.Value.GetRawText()); break;
                case "method" or "url": return Refuse($"'{member.Name}' is not a string.", out problem);
                default: return Refuse($"'{member.Name}' is not known. Known are method, url, headers and body.", out problem);
            }
        }

        return Of(context, method, url, headers, body, out problem);
    }

    /// <summary>A request from its parts.</summary>
    public static ExplainedRequest? Of(HttpContext context, string? method, string? url, IHeaderDictionary headers, ReadOnlyMemory<byte>? body, out Problem problem)
    {
        problem = default;
        method ??= HttpMethods.Get;
        // Most who explain a body mean JSON; to see what another type does, say it.
        if (body is not null && headers.ContentType.Count == 0) headers.ContentType = "application/json";
        if (method.Length is 0 or > 32 || !method.All(static c => char.IsAsciiLetterOrDigit(c) || c == '-')) return Refuse("'method' is no method. Write it in upper case, for instance GET.", out problem);
        if (url is null) return Refuse("'url' is missing. Give the path and query that a client asks for, or a whole URL.", out problem);
        if (url.StartsWith('/')) return new(method, context.Request.Scheme, context.Request.Host.Value ?? "localhost", Escaped(url), headers, body);
        if (!Uri.TryCreate(url, UriKind.Absolute, out var absolute) || absolute.Scheme is not ("http" or "https")) return Refuse("'url' is neither a path with a leading slash nor an http(s) URL.", out problem);
        var path = url.IndexOf('/', url.IndexOf("://", StringComparison.Ordinal) + 3);
        return new(method, absolute.Scheme, absolute.Authority, Escaped(path < 0 ? "/" : url[path..]), headers, body);
    }

    // As a client would send it: the fragment stays at home, and what no target may hold is encoded.
    private static string Escaped(string target)
    {
        var end = target.IndexOf('#', StringComparison.Ordinal);
        if (end >= 0) target = target[..end];
        if (target.All(static c => c is > ' ' and < '\x7f')) return target;
        var escaped = new StringBuilder(target.Length + 16);
        foreach (var rune in target.EnumerateRunes())
            escaped.Append(rune.Value is > ' ' and < 0x7f ? rune.ToString() : Uri.EscapeDataString(rune.ToString()));
        return escaped.ToString();
    }

    private static string? ReadHeaders(JsonElement element, HeaderDictionary headers)
    {
        if (element.ValueKind != JsonValueKind.Object) return "'headers' is not an object of strings.";
        foreach (var member in element.EnumerateObject())
        {
            if (!BoundedBody.TryGetText(member.Value, out var value) || value.AsSpan().ContainsAny('\r', '\n', '\0')) return $"'headers.{member.Name}' is not a string, or holds a line break.";
            headers[member.Name] = value;
        }

        return null;
    }

    private static ExplainedRequest? Refuse(string detail, out Problem problem)
    {
        problem = new(StatusCodes.Status422UnprocessableEntity, "invalid-explain", "Invalid request to explain", detail);
        return null;
    }
}
