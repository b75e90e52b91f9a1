using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace CacheProxy.Engine.Policies;

/// <summary>
/// Durations as people write them: <c>500ms</c>, <c>45s</c>, <c>30m</c>, <c>1h</c>, <c>7d</c>, <c>hh:mm:ss</c> below 24 hours, or one of
/// the guide's <c>CacheTTL</c> names in any case, with or without underscores. A bare number is refused, because
/// <see cref="TimeSpan.Parse(string)"/> would read <c>30</c> as thirty days.
/// </summary>
public static class Durations
{
    private static readonly FrozenDictionary<string, TimeSpan> s_names = new Dictionary<string, TimeSpan>
    {
        ["VeryShort"] = TimeSpan.FromMinutes(5),
        ["Short"] = TimeSpan.FromMinutes(15),
        ["Medium"] = TimeSpan.FromMinutes(30),
        ["Long"] = TimeSpan.FromHours(1),
        ["VeryLong"] = TimeSpan.FromHours(2),
        ["Day"] = TimeSpan.FromDays(1),
        ["Week"] = TimeSpan.FromDays(7),
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    private static readonly (string Unit, double Seconds)[] s_units =
        [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)];

    /// <summary>The longest duration that makes sense anywhere: ten years.</summary>
    public static TimeSpan Longest { get; } = TimeSpan.FromDays(3650);

    /// <summary>What a message says to those who wrote something else.</summary>
    public const string Remedy = "is not a duration: write 500ms, 45s, 30m, 1h, 7d or hh:mm:ss below 24 hours";

    /// <summary>What a message says about a bare number in a string.</summary>
    public const string BareNumber = "is a number without a unit: write it with one (45s), or as a JSON number of seconds";

    /// <summary>Reads a duration from 0 to <see cref="Longest"/>.</summary>
    /// <param name="text">As written.</param>
    /// <param name="duration">The duration.</param>
    /// <param name="problem">What is wrong, and what to write.</param>
    public static bool TryParse(string? text, out TimeSpan duration, [NotNullWhen(false)] out string? problem)
    {
        duration = default;
        problem = null;
        if (string.IsNullOrWhiteSpace(text)) { problem = Remedy; return false; }
        text = text.Trim();
        if (s_names.TryGetValue(text.Replace("_", "", StringComparison.Ordinal), out duration)) return true;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _)) { problem = BareNumber; return false; }
        if (text.Contains(':', StringComparison.Ordinal))
        {
            if (TimeSpan.TryParseExact(text, [@"h\:mm\:ss", @"hh\:mm\:ss"], CultureInfo.InvariantCulture, out duration)) return true;
            problem = Remedy;
            return false;
        }
        foreach (var (unit, seconds) in s_units)
        {
            if (!text.EndsWith(unit, StringComparison.OrdinalIgnoreCase)) continue;
            if (!double.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)) continue;
            if (number * seconds > Longest.TotalSeconds) { problem = "is longer than ten years: write a shorter one"; return false; }
            duration = TimeSpan.FromSeconds(number * seconds);
            return true;
        }
        problem = Remedy;
        return false;
    }
}
