namespace CacheProxy.Engine.Http;

/// <summary>A member of an <c>Accept-…</c> list with its weight (RFC 9110 §12.4.2). A weight that is none counts as 0: not acceptable.</summary>
internal readonly ref struct Weighted
{
    /// <summary>The weight of what has none, in thousandths.</summary>
    public const int Most = 1_000;

    /// <summary>The name, without parameters.</summary>
    public required ReadOnlySpan<char> Name { get; init; }

    /// <summary>The weight, 0 to 1 000.</summary>
    public required int Thousandths { get; init; }

    public static Weighted Read(ReadOnlySpan<char> member)
    {
        var parameters = member.IndexOf(';');
        if (parameters < 0) return new() { Name = member, Thousandths = Most };
        var name = ListReader.Trim(member[..parameters]);
        var rest = member[(parameters + 1)..];
        var weight = Most;
        while (!rest.IsEmpty)
        {
            var end = rest.IndexOf(';');
            var parameter = ListReader.Trim(end < 0 ? rest : rest[..end]);
            rest = end < 0 ? default : rest[(end + 1)..];
            if (parameter.StartsWith("q=", StringComparison.OrdinalIgnoreCase)) weight = Quality(parameter[2..]);
        }
        return new() { Name = name, Thousandths = weight };
    }

    // 0, 1, and up to three decimals.
    private static int Quality(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || text[0] is not ('0' or '1') || text.Length > 5 || (text.Length > 1 && text[1] != '.')) return 0;
        var value = (text[0] - '0') * Most;
        var unit = Most / 10;
        for (var i = 2; i < text.Length; i++, unit /= 10)
        {
            if (!char.IsAsciiDigit(text[i])) return 0;
            value += (text[i] - '0') * unit;
        }
        return value <= Most ? value : 0;
    }
}
