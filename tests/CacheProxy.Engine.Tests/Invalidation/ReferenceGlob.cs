namespace CacheProxy.Engine.Tests.Invalidation;

/// <summary>A plain, recursive reading of Redis' <c>stringmatchlen</c> (7.0), to hold the linear matcher against.</summary>
internal static class ReferenceGlob
{
    public static bool IsMatch(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        while (!pattern.IsEmpty && !text.IsEmpty)
        {
            switch (pattern[0])
            {
                case '*':
                    while (pattern.Length > 1 && pattern[1] == '*') pattern = pattern[1..];
                    if (pattern.Length == 1) return true;
                    for (; !text.IsEmpty; text = text[1..])
                        if (IsMatch(pattern[1..], text)) return true;
                    return false;
                case '?':
                    text = text[1..];
                    break;
                case '[':
                    if (!TakesClass(ref pattern, text[0])) return false;
                    text = text[1..];
                    break;
                default:
                    if (pattern[0] == '\\' && pattern.Length >= 2) pattern = pattern[1..];
                    if (pattern[0] != text[0]) return false;
                    text = text[1..];
                    break;
            }

            pattern = pattern.IsEmpty ? pattern : pattern[1..];
            if (!text.IsEmpty) continue;
            while (!pattern.IsEmpty && pattern[0] == '*') pattern = pattern[1..];
            break;
        }

        return pattern.IsEmpty && text.IsEmpty;
    }

    /// <summary>Leaves the pattern at the class's last character.</summary>
    private static bool TakesClass(ref ReadOnlySpan<char> pattern, char character)
    {
        pattern = pattern[1..];
        var not = !pattern.IsEmpty && pattern[0] == '^';
        if (not) pattern = pattern[1..];
        var match = false;
        while (true)
        {
            if (pattern.Length >= 2 && pattern[0] == '\\')
            {
                pattern = pattern[1..];
                match |= pattern[0] == character;
            }
            else if (pattern.IsEmpty || pattern[0] == ']')
            {
                break;
            }
            else if (pattern.Length >= 3 && pattern[1] == '-')
            {
                var (from, to) = (pattern[0], pattern[2]);
                if (from > to) (from, to) = (to, from);
                pattern = pattern[2..];
                match |= character >= from && character <= to;
            }
            else
            {
                match |= pattern[0] == character;
            }

            pattern = pattern[1..];
        }

        return match != not;
    }
}
