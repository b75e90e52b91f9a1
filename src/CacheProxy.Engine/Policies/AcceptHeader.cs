using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace CacheProxy.Engine.Policies;

/// <summary>One key for the many spellings of "JSON, please" (RFC 9110 §12.5.1).</summary>
internal static class AcceptHeader
{
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

    /// <summary>The spellings that nearly all clients use.</summary>
    public static bool AdmitsJsonPlainly(StringValues accept) =>
        accept.Count == 0 || (accept.Count == 1 && accept[0] is null or "" or "*/*" or "application/json");

    private static int Rank(MediaTypeHeaderValue range)
    {
        foreach (var parameter in range.Parameters)
            if (!parameter.Name.Equals("q", StringComparison.OrdinalIgnoreCase)) return -1;
        if (range.MatchesAllTypes) return 0;
        if (!range.Type.Equals("application", StringComparison.OrdinalIgnoreCase)) return -1;
        return range.MatchesAllSubTypes ? 1 : range.SubType.Equals("json", StringComparison.OrdinalIgnoreCase) ? 2 : -1;
    }
}
