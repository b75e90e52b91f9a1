using Microsoft.Extensions.Primitives;

namespace CacheProxy.Engine.Http;

/// <summary><c>Accept-Language</c> (RFC 9110 §12.5.4).</summary>
internal static class LanguageRanges
{
    /// <summary>The ranges in lower case, ordered by weight and then by name: what is equal in them means the same.</summary>
    public static string Normalize(StringValues lines)
    {
        var ranges = new List<(string Range, int Quality)>();
        foreach (var line in lines)
        {
            var members = new ListReader(line);
            while (members.TryRead(out var member))
            {
                var weighted = Weighted.Read(member);
                ranges.Add((weighted.Name.ToString().ToLowerInvariant(), weighted.Thousandths));
            }
        }
        if (ranges.Count == 0) return ",";
        ranges.Sort((a, b) => a.Quality != b.Quality ? b.Quality.CompareTo(a.Quality) : string.CompareOrdinal(a.Range, b.Range));
        return string.Join(',', ranges.Select(range => range.Quality == Weighted.Most ? range.Range : $"{range.Range};q={range.Quality}"));
    }

    /// <summary>Whether the request prefers one language to all others, and the content is in that one alone.</summary>
    public static bool Prefers(StringValues acceptLanguage, StringValues contentLanguage)
    {
        if (contentLanguage.Count != 1 || string.IsNullOrEmpty(contentLanguage[0])) return false;
        var (best, alone, preferred) = (0, false, "");
        foreach (var line in acceptLanguage)
        {
            var members = new ListReader(line);
            while (members.TryRead(out var member))
            {
                var weighted = Weighted.Read(member);
                if (weighted.Thousandths < best || weighted.Thousandths == 0) continue;
                alone = weighted.Thousandths > best;
                best = weighted.Thousandths;
                preferred = weighted.Name.ToString();
            }
        }
        return alone && FieldSyntax.Is(ListReader.Trim(contentLanguage[0]), preferred);
    }
}
