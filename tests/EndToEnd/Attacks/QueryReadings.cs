namespace EndToEnd.Attacks;

/// <summary>How servers read a query that says a name more than once: the ways that are in use.</summary>
internal static class QueryReadings
{
    /// <summary>All names with the values that such a server sees, sorted: two targets that read alike may share an answer.</summary>
    public static string Read(string target, string reading)
    {
        var mark = target.IndexOf('?', StringComparison.Ordinal);
        if (mark < 0) return "";
        var comparer = reading == "caseless" ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;
        var values = new SortedDictionary<string, string>(comparer);
        foreach (var token in target[(mark + 1)..].Split('&', ';'))
        {
            if (token.Length == 0) continue;
            var equals = token.IndexOf('=', StringComparison.Ordinal);
            var name = Decode(equals < 0 ? token : token[..equals]);
            if (comparer == StringComparer.OrdinalIgnoreCase) name = name.ToLowerInvariant();
            var value = equals < 0 ? "(none)" : $"({Decode(token[(equals + 1)..])})";
            values[name] = !values.TryGetValue(name, out var known) || reading is "last" or "caseless" ? value : reading == "join" ? known + value : known;
        }
        return string.Join(' ', values.Select(static pair => $"{Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(pair.Key))}={Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(pair.Value))}"));
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
