using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace CacheProxy.Engine.Http;

/// <summary>Why a request went to the origin (RFC 9211 §2.2).</summary>
public enum ForwardReason
{
    /// <summary>It did not.</summary>
    None,

    /// <summary>The cache was told not to answer it.</summary>
    Bypass,

    /// <summary>By its method.</summary>
    Method,

    /// <summary>Nothing is stored for the URI.</summary>
    UriMiss,

    /// <summary>Something is, but no variant matches.</summary>
    VaryMiss,

    /// <summary>Nothing is, and it is not said which of both.</summary>
    Miss,

    /// <summary>What is stored is fresh, but the request asks for more.</summary>
    Request,

    /// <summary>What is stored is stale.</summary>
    Stale,

    /// <summary>What is stored is a part only, and not the one asked for.</summary>
    Partial,
}

/// <summary>One member of <c>Cache-Status</c> (RFC 9211): this cache's. Only what is set is written.</summary>
public readonly record struct CacheStatus
{
    private const string Name = "CacheProxy";

    /// <summary>Answered from the cache.</summary>
    public bool Hit { get; init; }

    /// <summary>Why it was forwarded.</summary>
    public ForwardReason Forward { get; init; }

    /// <summary>What the origin answered.</summary>
    public int? ForwardStatus { get; init; }

    /// <summary>What is left of the freshness, in whole seconds; negative when stale.</summary>
    public TimeSpan? Ttl { get; init; }

    /// <summary>The response was stored.</summary>
    public bool Stored { get; init; }

    /// <summary>It shared another request's fill.</summary>
    public bool Collapsed { get; init; }

    /// <summary>More, for people: never a key, a tag or what a client sent.</summary>
    public string? Detail { get; init; }

    /// <summary>Appends this member to what caches nearer to the origin said.</summary>
    /// <param name="upstream">The field as it arrived.</param>
    public string AppendTo(Microsoft.Extensions.Primitives.StringValues upstream)
    {
        var before = upstream.ToString();
        return before.Length == 0 ? ToString() : $"{before}, {this}";
    }

    /// <summary>As it is sent.</summary>
    public override string ToString()
    {
        var text = new DefaultInterpolatedStringHandler(0, 0, CultureInfo.InvariantCulture, stackalloc char[128]);
        text.AppendLiteral(Name);
        if (Hit) text.AppendLiteral("; hit");
        if (Forward != ForwardReason.None)
        {
            text.AppendLiteral("; fwd=");
            text.AppendLiteral(Token(Forward));
        }
        if (ForwardStatus is { } status)
        {
            text.AppendLiteral("; fwd-status=");
            text.AppendFormatted(status);
        }
        if (Ttl is { } ttl)
        {
            text.AppendLiteral("; ttl=");
            text.AppendFormatted(Seconds(ttl));
        }
        if (Stored) text.AppendLiteral("; stored");
        if (Collapsed) text.AppendLiteral("; collapsed");
        if (Detail is { Length: > 0 } detail)
        {
            text.AppendLiteral("; detail=");
            text.AppendLiteral(IsStructuredToken(detail) ? detail : Quoted(detail));
        }
        return text.ToStringAndClear();
    }

    private static string Token(ForwardReason reason) => reason switch
    {
        ForwardReason.Bypass => "bypass",
        ForwardReason.Method => "method",
        ForwardReason.UriMiss => "uri-miss",
        ForwardReason.VaryMiss => "vary-miss",
        ForwardReason.Request => "request",
        ForwardReason.Stale => "stale",
        ForwardReason.Partial => "partial",
        _ => "miss",
    };

    // Rounded away from freshness: what says 0 is not fresh for another second.
    private static long Seconds(TimeSpan ttl) => (long)Math.Floor(ttl.TotalSeconds);

    private static string Quoted(string detail)
    {
        var text = new StringBuilder(detail.Length + 2).Append('"');
        foreach (var c in detail)
        {
            if (c is '"' or '\\') text.Append('\\');
            // RFC 9651 §3.3.3: a string has nothing but printable ASCII.
            text.Append(c is < ' ' or > '~' ? '?' : c);
        }
        return text.Append('"').ToString();
    }

    private static bool IsStructuredToken(string text)
    {
        if (!char.IsAsciiLetter(text[0]) && text[0] != '*') return false;
        foreach (var c in text)
            if (c is not (':' or '/') && !FieldSyntax.IsToken([c])) return false;
        return true;
    }
}
