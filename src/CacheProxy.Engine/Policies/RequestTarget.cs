namespace CacheProxy.Engine.Policies;

/// <summary>
/// A request target (RFC 9112 §3.2) split at its first question mark, with dot segments removed as the server does for routing, so that
/// the path that was routed, keyed and sent is one and the same. Nothing else is decoded or normalised.
/// </summary>
/// <param name="Path">The raw path, beginning with a slash.</param>
/// <param name="Query">The raw query without its question mark; <see langword="null"/> when there is no question mark.</param>
public readonly record struct RequestTarget(string Path, string? Query)
{
    /// <summary>Path and query, exactly.</summary>
    public override string ToString() => Query is null ? Path : $"{Path}?{Query}";

    /// <summary>Reads an origin-form or absolute-form target. A fragment is never sent and so is no part of it.</summary>
    public static RequestTarget Parse(string rawTarget) => Parse(rawTarget, out _, out _);

    /// <summary>Reads a target, and the scheme and authority of an absolute-form one.</summary>
    public static RequestTarget Parse(string rawTarget, out string? scheme, out string? authority)
    {
        scheme = authority = null;
        var text = rawTarget;
        if (text.Length > 0 && text[0] != '/')
        {
            var colon = text.IndexOf("://", StringComparison.Ordinal);
            if (colon > 0)
            {
                scheme = text[..colon].ToLowerInvariant();
                text = text[(colon + 3)..];
                var end = text.AsSpan().IndexOfAny("/?#");
                authority = end < 0 ? text : text[..end];
                text = end < 0 ? "/" : text[end] == '/' ? text[end..] : "/" + text[end..];
            }
        }
        var fragment = text.IndexOf('#', StringComparison.Ordinal);
        if (fragment >= 0) text = text[..fragment];
        var question = text.IndexOf('?', StringComparison.Ordinal);
        return question < 0
            ? new(RemoveDotSegments(text), null)
            : new(RemoveDotSegments(text[..question]), text[(question + 1)..]);
    }

    /// <summary>RFC 3986 §5.2.4, with <c>%2e</c> read as a dot (as Kestrel does before it routes).</summary>
    private static string RemoveDotSegments(string path)
    {
        if (!path.Contains("/.", StringComparison.Ordinal) && !path.Contains("/%2e", StringComparison.OrdinalIgnoreCase)) return path;
        var segments = path.Split('/');
        var kept = new List<string>(segments.Length);
        for (var i = 1; i < segments.Length; i++)
        {
            var dots = Dots(segments[i]);
            if (dots == 2 && kept.Count > 0) kept.RemoveAt(kept.Count - 1);
            if (dots == 0) kept.Add(segments[i]);
            else if (i == segments.Length - 1) kept.Add("");
        }
        return "/" + string.Join('/', kept);
    }

    private static int Dots(string segment)
    {
        if (segment.Length is 0 or > 6) return 0;
        var plain = segment.Replace("%2e", ".", StringComparison.OrdinalIgnoreCase);
        return plain == "." ? 1 : plain == ".." ? 2 : 0;
    }
}
