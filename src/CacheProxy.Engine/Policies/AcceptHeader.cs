using CacheProxy.Engine.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace CacheProxy.Engine.Policies;

/// <summary>One key for the many spellings of "JSON, please" (RFC 9110 §12.5.1).</summary>
internal static class AcceptHeader
{
    private const string JsonType = "application/json";

    /// <summary>What a fill sends for all that admit JSON.</summary>
    public const string Json = "application/json, */*;q=0.1";

    /// <summary>Whether the field is absent or the most specific range that matches <c>application/json</c> has a weight above 0.</summary>
    public static bool AdmitsJson(StringValues accept)
    {
        if (AdmitsJsonPlainly(accept)) return true;
        if (!MediaTypeHeaderValue.TryParseStrictList(accept, out var ranges)) return false;
        var specificity = -1;
        var admitted = false;
        foreach (var range in ranges)
        {
            var rank = Rank(range);
            if (rank < specificity || rank < 0) continue;
            // Two ranges of one rank: a refusal wins, as it makes a key of its own and cannot mislead.
            var admits = range.Quality is not 0;
            admitted = rank == specificity ? admitted && admits : admits;
            specificity = rank;
        }
        return admitted;
    }

    /// <summary>
    /// The spellings that nearly all clients use, told without parsing: none, <c>application/json</c> among others, or everything
    /// (browsers). False says nothing: then the field is parsed.
    /// </summary>
    public static bool AdmitsJsonPlainly(StringValues accept)
    {
        if (accept.Count == 0) return true;
        if (accept.Count > 1) return false;
        var line = accept[0].AsSpan();
        return line is "" or "*/*" or "application/json" || (!line.Contains('"') && NamesJson(line));
    }

    private static bool NamesJson(ReadOnlySpan<char> line)
    {
        var (named, everything) = (false, false);
        foreach (var part in line.Split(','))
        {
            var range = line[part].Trim(' ');
            if (range.StartsWith(JsonType, StringComparison.OrdinalIgnoreCase) && (range.Length == JsonType.Length || !FieldSyntax.IsToken(range[JsonType.Length..][..1])))
            {
                // A weight or a parameter of what matters here: not plain.
                if (range.Length > JsonType.Length) return false;
                named = true;
            }
            else if (range.StartsWith("application/*", StringComparison.OrdinalIgnoreCase)) return false;
            else if (range is "*/*" || (range.StartsWith("*/*;q=0.") && range[8..] is [>= '1' and <= '9', ..])) everything = true;
            else if (range.StartsWith("*/*")) return false;
        }
        return named || everything;
    }

    private static int Rank(MediaTypeHeaderValue range)
    {
        foreach (var parameter in range.Parameters)
            if (!parameter.Name.Equals("q", StringComparison.OrdinalIgnoreCase)) return -1;
        if (range.MatchesAllTypes) return 0;
        if (!range.Type.Equals("application", StringComparison.OrdinalIgnoreCase)) return -1;
        return range.MatchesAllSubTypes ? 1 : range.SubType.Equals("json", StringComparison.OrdinalIgnoreCase) ? 2 : -1;
    }
}
