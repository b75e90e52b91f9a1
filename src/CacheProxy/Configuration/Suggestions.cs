namespace CacheProxy.Configuration;

/// <summary>The name that somebody probably meant.</summary>
internal static class Suggestions
{
    /// <summary>What a message says about an unknown name.</summary>
    public static string Unknown(string name, IReadOnlyCollection<string> known)
    {
        var closest = known.Select(candidate => (candidate, Distance: Distance(name.ToLowerInvariant(), candidate.ToLowerInvariant())))
            .OrderBy(pair => pair.Distance).FirstOrDefault();
        return closest.candidate is not null && closest.Distance <= Math.Max(2, name.Length / 3)
            ? $"is unknown: did you mean {closest.candidate}?"
            : $"is unknown: known here are {string.Join(", ", known)}";
    }

    /// <summary>Levenshtein's distance.</summary>
    private static int Distance(string a, string b)
    {
        var previous = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var current = new int[b.Length + 1];
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
                current[j] = Math.Min(Math.Min(current[j - 1], previous[j]) + 1, previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
            previous = current;
        }
        return previous[^1];
    }
}
