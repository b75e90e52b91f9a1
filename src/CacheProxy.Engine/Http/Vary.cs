using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Engine.Http;

/// <summary>Selecting among variants (RFC 9110 §12.5.5, RFC 9111 §4.1).</summary>
public static class Vary
{
    /// <summary>More names than any response has use for; a longer list counts as <c>*</c>.</summary>
    public const int MaxNames = 32;

    /// <summary>Reads all lines of the field.</summary>
    /// <param name="lines">The field.</param>
    /// <param name="lowerCaseNames">The names, each once, in lower case and in order, so that equal sets are equal; none without the field.</param>
    /// <returns>False for <c>*</c>, wherever in the list it stands: no request ever matches.</returns>
    public static bool TryParse(StringValues lines, out ImmutableArray<string> lowerCaseNames)
    {
        lowerCaseNames = [];
        if (lines.Count == 0) return true;
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var line in lines)
        {
            var members = new ListReader(line);
            while (members.TryRead(out var name))
            {
                if (name is "*" || names.Count == MaxNames) return false;
                names.Add(name.ToString().ToLowerInvariant());
            }
        }
        lowerCaseNames = [.. names];
        return true;
    }

    /// <summary>
    /// The value of a request field in the form in which two that mean the same are equal (RFC 9111 §4.1): lines combined, white space around
    /// members and empty members removed; <c>Accept-Encoding</c> as <see cref="ContentCoding.Normalize"/> says, <c>Accept-Language</c>
    /// without regard to case and order (RFC 9110 §12.5.4 gives order no meaning). Empty when the field is absent; a field that is there and
    /// says nothing is <c>,</c>.
    /// </summary>
    /// <param name="lowerCaseName">The name, as <see cref="TryParse"/> gives it.</param>
    /// <param name="values">The request's lines of that field.</param>
    public static string Normalize(string lowerCaseName, StringValues values)
    {
        if (values.Count == 0) return "";
        return lowerCaseName switch
        {
            "accept-encoding" => ContentCoding.Normalize(values),
            "accept-language" => LanguageRanges.Normalize(values),
            // Not lists: white space and commas in them may mean anything.
            "authorization" or "cookie" or "user-agent" or "x-api-key" => Opaque(values),
            _ => Combine(values),
        };
    }

    /// <summary>The normalised values of the names, to be stored beside a response.</summary>
    public static ImmutableArray<string> ValuesOf(ImmutableArray<string> names, IHeaderDictionary request)
    {
        var values = ImmutableArray.CreateBuilder<string>(names.Length);
        foreach (var name in names) values.Add(Normalize(name, request[name]));
        return values.DrainToImmutable();
    }

    /// <summary>Whether a request matches what was stored: the same names, in the same order, have the same normalised values.</summary>
    /// <param name="names">What <see cref="TryParse"/> gave for the stored response.</param>
    /// <param name="storedValues">What <see cref="ValuesOf"/> gave for the request that it answered.</param>
    /// <param name="request">The request.</param>
    /// <param name="storedResponse">
    /// The stored response. Where it is given and has the one <c>Content-Language</c> that the request prefers to all others, it need not
    /// have come by the same <c>Accept-Language</c>.
    /// </param>
    public static bool Matches(
        ImmutableArray<string> names, ImmutableArray<string> storedValues, IHeaderDictionary request, HeaderFields? storedResponse = null)
    {
        if (names.Length != storedValues.Length) return false;
        for (var i = 0; i < names.Length; i++)
        {
            var values = request[names[i]];
            if (string.Equals(Normalize(names[i], values), storedValues[i], StringComparison.Ordinal)) continue;
            if (names[i] != "accept-language" || storedResponse is null
                || !LanguageRanges.Prefers(values, storedResponse["Content-Language"]))
                return false;
        }
        return true;
    }

    private static string Opaque(StringValues values) =>
        values.Count > 1 ? string.Join('\n', (string?[]?)values ?? []) : string.IsNullOrEmpty(values[0]) ? "," : values[0]!;

    private static string Combine(StringValues values)
    {
        if (values.Count == 1 && IsCombined(values[0])) return values[0]!;
        var combined = new System.Text.StringBuilder();
        foreach (var line in values)
        {
            var members = new ListReader(line);
            while (members.TryRead(out var member))
            {
                if (combined.Length > 0) combined.Append(',');
                combined.Append(member);
            }
        }
        return combined.Length == 0 ? "," : combined.ToString();
    }

    private static bool IsCombined(string? value) =>
        !string.IsNullOrEmpty(value) && !value.AsSpan().ContainsAny(',', ' ', '\t');
}
