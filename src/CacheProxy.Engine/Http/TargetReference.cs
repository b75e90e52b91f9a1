using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Http;

/// <summary>
/// References to targets of the same origin (RFC 3986 §5), byte for byte: <see cref="Uri"/> would decode and rewrite what the key was made of.
/// </summary>
internal static class TargetReference
{
    /// <summary>The path and query that a reference means; <see langword="null"/> when it is no URI of http or https, or of another origin.</summary>
    public static string? Resolve(string? reference, string scheme, HostString host, string baseTarget)
    {
        var text = ListReader.Trim(reference);
        foreach (var c in text)
            if (c is <= ' ' or '\x7f') return null;
        var fragment = text.IndexOf('#');
        if (fragment >= 0) text = text[..fragment];

        var colon = text.IndexOf(':');
        if (colon > 0 && text[..colon].IndexOfAny('/', '?') < 0)
        {
            if (!FieldSyntax.Is(text[..colon], scheme) || !text[(colon + 1)..].StartsWith("//")) return null;
            text = text[(colon + 1)..];
        }
        if (text.StartsWith("//"))
        {
            text = text[2..];
            var end = text.IndexOfAny('/', '?');
            var authority = end < 0 ? text : text[..end];
            if (!IsSameOrigin(authority, scheme, host)) return null;
            text = end < 0 ? default : text[end..];
            return text.StartsWith("/") ? WithoutDots(text) : $"/{text}";
        }
        if (text.IsEmpty) return baseTarget;
        if (text[0] == '/') return WithoutDots(text);

        var query = baseTarget.IndexOf('?');
        var basePath = query < 0 ? baseTarget.AsSpan() : baseTarget.AsSpan(0, query);
        return text[0] == '?' ? string.Concat(basePath, text) : WithoutDots(string.Concat(basePath[..(basePath.LastIndexOf('/') + 1)], text));
    }

    private static bool IsSameOrigin(ReadOnlySpan<char> authority, string scheme, HostString host)
    {
        var user = authority.LastIndexOf('@');
        if (user >= 0) authority = authority[(user + 1)..];
        var standard = FieldSyntax.Is(scheme, "https") ? "443" : "80";
        return WithoutPort(authority, standard).Equals(WithoutPort(host.Value, standard), StringComparison.OrdinalIgnoreCase);
    }

    private static ReadOnlySpan<char> WithoutPort(ReadOnlySpan<char> authority, string standardPort)
    {
        var colon = authority.LastIndexOf(':');
        if (colon < 0 || colon < authority.LastIndexOf(']')) return authority;
        var port = authority[(colon + 1)..];
        return port.IsEmpty || port.SequenceEqual(standardPort) ? authority[..colon] : authority;
    }

    // RFC 3986 §5.2.4; the query is not part of it.
    private static string WithoutDots(ReadOnlySpan<char> target)
    {
        var query = target.IndexOf('?');
        var path = query < 0 ? target : target[..query];
        if (!path.Contains("/.", StringComparison.Ordinal)) return path.StartsWith("/") ? target.ToString() : $"/{target}";

        var segments = new List<string>();
        var rest = path.StartsWith("/") ? path[1..] : path;
        while (true)
        {
            var end = rest.IndexOf('/');
            var segment = end < 0 ? rest : rest[..end];
            if (segment is "..")
            {
                if (segments.Count > 0) segments.RemoveAt(segments.Count - 1);
            }
            else if (segment is not ".") segments.Add(segment.ToString());
            if (end < 0)
            {
                if (segment is "." or "..") segments.Add("");
                break;
            }
            rest = rest[(end + 1)..];
        }
        return string.Concat("/", string.Join('/', segments), query < 0 ? "" : target[query..]);
    }
}
