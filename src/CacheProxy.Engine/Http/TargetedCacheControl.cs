using System.Collections.Immutable;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Engine.Http;

/// <summary><c>CDN-Cache-Control</c> (RFC 9213): directives for caches like this one, in the place of <c>Cache-Control</c> and <c>Expires</c>.</summary>
public static class TargetedCacheControl
{
    /// <summary>The name of the field.</summary>
    public const string FieldName = "CDN-Cache-Control";

    /// <summary>What counts for this cache: the targeted field where it is valid, else <c>Cache-Control</c>.</summary>
    public static CacheControl Effective(HeaderFields response) =>
        Parse(response[FieldName]) ?? CacheControl.Parse(response["Cache-Control"]);

    /// <summary>
    /// Reads the field, a structured dictionary. <see langword="null"/> when it is absent, empty or unreadable (RFC 9213 §2.1), and when a
    /// directive has a value of the wrong type, unless what is left restricts: then that restriction counts.
    /// </summary>
    public static CacheControl? Parse(StringValues lines)
    {
        if (lines.Count == 0 || !StructuredFields.TryParseDictionary(lines, out var members) || members.IsEmpty) return null;
        var directives = new CacheControl { Targeted = true };
        var valid = true;
        foreach (var (name, value) in members) directives = Add(directives, name, value, ref valid);
        return valid || directives.NoStore || directives.NoCache || directives.Private ? directives : null;
    }

    private static CacheControl Add(CacheControl directives, string name, in StructuredValue value, ref bool valid) => name switch
    {
        "max-age" => directives with { MaxAge = Seconds(value, ref valid) },
        "s-maxage" => directives with { SharedMaxAge = Seconds(value, ref valid) },
        "stale-while-revalidate" => directives with { StaleWhileRevalidate = Seconds(value, ref valid) },
        "stale-if-error" => directives with { StaleIfError = Seconds(value, ref valid) },
        "no-store" => directives with { NoStore = Restricts(value) },
        "must-revalidate" => directives with { MustRevalidate = Restricts(value) },
        "proxy-revalidate" => directives with { ProxyRevalidate = Restricts(value) },
        "no-transform" => directives with { NoTransform = Restricts(value) },
        "public" => directives with { Public = Permits(value) },
        "must-understand" => directives with { MustUnderstand = Permits(value) },
        "immutable" => directives with { Immutable = Permits(value) },
        "no-cache" => Names(value, out var fields)
            ? directives with { NoCacheFields = fields }
            : directives with { NoCache = Restricts(value) },
        "private" => Names(value, out var fields)
            ? directives with { PrivateFields = fields }
            : directives with { Private = Restricts(value) },
        _ => directives,
    };

    private static TimeSpan? Seconds(in StructuredValue value, ref bool valid)
    {
        if (value.Type != StructuredType.Integer) valid = false;
        return value.Type == StructuredType.Integer ? TimeSpan.FromSeconds(Math.Clamp(value.Number, 0, FieldSyntax.LargestDeltaSeconds)) : TimeSpan.Zero;
    }

    private static bool Restricts(in StructuredValue value) => value.Type != StructuredType.Boolean || value.Number == 1;

    private static bool Permits(in StructuredValue value) => value.Type == StructuredType.Boolean && value.Number == 1;

    private static bool Names(in StructuredValue value, out ImmutableArray<string> fields)
    {
        fields = [];
        if (value.Type != StructuredType.String) return false;
        var names = ImmutableArray.CreateBuilder<string>();
        var members = new ListReader(value.Text);
        while (members.TryRead(out var name))
        {
            if (!FieldSyntax.IsToken(name) || ConnectionFields.IsNeededByRecipients(name)) return false;
            names.Add(name.ToString().ToLowerInvariant());
        }
        fields = names.DrainToImmutable();
        return !fields.IsEmpty;
    }
}
