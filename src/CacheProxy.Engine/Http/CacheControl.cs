using System.Collections.Immutable;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Engine.Http;

/// <summary>
/// The directives of <c>Cache-Control</c> (RFC 9111 §5.2, RFC 5861, RFC 8246), of a request or a response. Where a value is invalid,
/// given twice or in conflict, the most restrictive reading counts (RFC 9111 §4.2.1): an invalid lifetime is 0, of two lifetimes the
/// shorter one counts, a restriction counts whatever argument it has, a permission only without one.
/// </summary>
public sealed record CacheControl
{
    /// <summary>No directives at all.</summary>
    public static CacheControl None { get; } = new();

    /// <summary><c>no-store</c>.</summary>
    public bool NoStore { get; init; }

    /// <summary><c>no-cache</c> without field names (or with one without which the response cannot be understood).</summary>
    public bool NoCache { get; init; }

    /// <summary><c>private</c> without field names (or with one without which the response cannot be understood).</summary>
    public bool Private { get; init; }

    /// <summary><c>public</c>.</summary>
    public bool Public { get; init; }

    /// <summary><c>must-revalidate</c>.</summary>
    public bool MustRevalidate { get; init; }

    /// <summary><c>proxy-revalidate</c>.</summary>
    public bool ProxyRevalidate { get; init; }

    /// <summary><c>must-understand</c>: beside <c>no-store</c>, it may be stored by who understands the status.</summary>
    public bool MustUnderstand { get; init; }

    /// <summary><c>no-transform</c>.</summary>
    public bool NoTransform { get; init; }

    /// <summary><c>immutable</c> (RFC 8246).</summary>
    public bool Immutable { get; init; }

    /// <summary><c>only-if-cached</c> (requests).</summary>
    public bool OnlyIfCached { get; init; }

    /// <summary>The names in <c>no-cache="…"</c>, in lower case: not stored, since without validation they may not be sent.</summary>
    public ImmutableArray<string> NoCacheFields { get; init; } = [];

    /// <summary>The names in <c>private="…"</c>, in lower case: not stored by a shared cache.</summary>
    public ImmutableArray<string> PrivateFields { get; init; } = [];

    /// <summary><c>max-age</c>; at most 2^31 s, as all of these.</summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary><c>s-maxage</c>.</summary>
    public TimeSpan? SharedMaxAge { get; init; }

    /// <summary><c>stale-while-revalidate</c> (RFC 5861 §3).</summary>
    public TimeSpan? StaleWhileRevalidate { get; init; }

    /// <summary><c>stale-if-error</c> (RFC 5861 §4).</summary>
    public TimeSpan? StaleIfError { get; init; }

    /// <summary><c>min-fresh</c> (requests).</summary>
    public TimeSpan? MinFresh { get; init; }

    /// <summary><c>max-stale</c> (requests); <see cref="TimeSpan.MaxValue"/> without an argument.</summary>
    public TimeSpan? MaxStale { get; init; }

    /// <summary>Whether it comes from a targeted field (RFC 9213), beside which <c>Expires</c> does not count.</summary>
    public bool Targeted { get; init; }

    /// <summary>Reads all lines of the field; never fails.</summary>
    public static CacheControl Parse(StringValues lines)
    {
        if (lines.Count == 0) return None;
        // Most responses of an origin say the same, and each is asked more than once on its way.
        var only = lines.Count == 1 ? lines[0] : null;
        if (only is not null && Volatile.Read(ref s_last) is var last && string.Equals(last?.Line, only, StringComparison.Ordinal)) return last!.Read;
        var directives = new CacheControlReader();
        foreach (var line in lines) directives.Read(line);
        var read = directives.ToCacheControl();
        if (only is { Length: <= LongestRemembered }) Volatile.Write(ref s_last, new(only, read));
        return read;
    }

    private const int LongestRemembered = 256;
    private static Remembered? s_last;

    private sealed record Remembered(string Line, CacheControl Read);

    /// <summary>Whether a field is named in <c>private="…"</c> or <c>no-cache="…"</c>, and so is not stored.</summary>
    public bool Excludes(string name)
    {
        foreach (var excluded in PrivateFields)
            if (string.Equals(excluded, name, StringComparison.OrdinalIgnoreCase)) return true;
        foreach (var excluded in NoCacheFields)
            if (string.Equals(excluded, name, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }
}
