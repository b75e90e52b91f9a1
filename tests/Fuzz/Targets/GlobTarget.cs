using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Tests.Invalidation;

namespace Fuzz.Targets;

/// <summary>The glob matcher: pattern and name on two lines, held against a plain reading of Redis' own where that one ends in time.</summary>
internal static class GlobTarget
{
    // The plain reading is exponential in the stars.
    private const int MostStars = 4;
    private const int LongestName = 64;

    public static FuzzTarget Target { get; } = FuzzTarget.OfText(
        "globs", Run, "model:*:abc\nmodel:metrics:abc", "[^a-c]?[\\]x]*\nd1]zz", "a*a*a*b\naaaaaaaaaaab", "\\*[]\n*", "[z-a]\nm");

    private static void Run(string text)
    {
        var end = text.IndexOf('\n', StringComparison.Ordinal);
        var (pattern, name) = end < 0 ? (text, text) : (text[..end], text[(end + 1)..]);
        var glob = GlobPattern.Parse(pattern);
        var matches = glob.IsMatch(name);
        BrokenPromiseException.ThrowIf(matches && !name.StartsWith(glob.LiteralPrefix, StringComparison.Ordinal), $"'{pattern}' matches '{name}', which does not begin with '{glob.LiteralPrefix}'");
        BrokenPromiseException.ThrowIf(glob.MatchesEverything && !matches, $"'{pattern}' matches everything but '{name}'");
        if (name.Length is 0 or > LongestName || pattern.Count(static c => c == '*') > MostStars) return;
        BrokenPromiseException.ThrowIf(ReferenceGlob.IsMatch(pattern, name) != matches, $"'{pattern}' and '{name}': {matches}, not so in Redis");
    }
}
