namespace CacheProxy.Engine.Policies;

/// <summary>One parameter of a raw query.</summary>
internal readonly record struct QueryToken
{
    private QueryToken(string raw)
    {
        Raw = raw;
        var equals = raw.IndexOf('=', StringComparison.Ordinal);
        var rawName = equals < 0 ? raw : raw[..equals];
        Name = KeyEscaping.TryDecode(rawName, plusIsSpace: true, out var name) ? name : rawName;
        HasPlainName = Name == rawName;
        var rawValue = equals < 0 ? "" : raw[(equals + 1)..];
        Value = KeyEscaping.TryDecode(rawValue, plusIsSpace: true, out var value) ? value : null;
        IsPlain = equals >= 0 && HasPlainName && Value is not null && KeyEscaping.Escape(Value) == rawValue;
    }

    /// <summary>Exactly as it came.</summary>
    public string Raw { get; }

    /// <summary>Decoded, or as it came where that cannot be done.</summary>
    public string Name { get; }

    /// <summary>Decoded; <see langword="null"/> where that cannot be done.</summary>
    public string? Value { get; }

    /// <summary>Whether the name is spelled without escapes.</summary>
    public bool HasPlainName { get; }

    /// <summary>Whether name and value tell the raw spelling: <c>name=</c> and the value as keys escape it.</summary>
    public bool IsPlain { get; }

    /// <summary>
    /// What it is sorted by. Names that some origin takes for one name (case, escapes, <c>a[]</c> and <c>a[0]</c>, dots and spaces for
    /// underscores) are one here, so that their order stays the client's.
    /// </summary>
    private string SortName
    {
        get
        {
            var bracket = Name.IndexOf('[', StringComparison.Ordinal);
            var name = bracket > 0 ? Name[..bracket] : Name;
            return name.Replace('.', '_').Replace(' ', '_').ToUpperInvariant();
        }
    }

    /// <summary>The parameters of a query; empty ones between two separators are nothing.</summary>
    public static List<QueryToken> Split(string query)
    {
        var tokens = new List<QueryToken>();
        foreach (var range in query.AsSpan().Split('&'))
        {
            var raw = query[range];
            if (raw.Length > 0) tokens.Add(new(raw));
        }
        return tokens;
    }

    /// <summary>Sorted by name, stably.</summary>
    public static List<QueryToken> Sort(List<QueryToken> tokens) =>
        tokens.Count < 2 ? tokens : [.. tokens.OrderBy(token => token.SortName, StringComparer.Ordinal)];
}
