using System.Globalization;

namespace CacheProxy.Hosting;

/// <summary>Durations as people write them: <c>500ms</c>, <c>45s</c>, <c>30m</c>, <c>1h</c>, <c>7d</c>. A bare number is refused, since nobody can tell its unit.</summary>
internal static class DurationText
{
    private static readonly (string Unit, TimeSpan Length)[] s_units =
    [
        ("ms", TimeSpan.FromMilliseconds(1)), ("s", TimeSpan.FromSeconds(1)), ("m", TimeSpan.FromMinutes(1)),
        ("h", TimeSpan.FromHours(1)), ("d", TimeSpan.FromDays(1)),
    ];

    /// <summary>Reads one of at most 365 days.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan value)
    {
        value = default;
        var digits = text.IndexOfAnyExceptInRange('0', '9');
        if (digits is <= 0 or > 9) return false;
        var unit = text[digits..];
        foreach (var (name, length) in s_units)
        {
            if (!unit.SequenceEqual(name)) continue;
            value = length * long.Parse(text[..digits], NumberStyles.None, CultureInfo.InvariantCulture);
            return value <= TimeSpan.FromDays(365);
        }

        return false;
    }
}
