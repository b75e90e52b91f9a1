using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace CacheProxy.Engine.Policies;

/// <summary>Sizes in bytes as people write them: <c>65536</c>, <c>64KiB</c>, <c>8 MiB</c>, <c>1GiB</c>; <c>kB</c>, <c>MB</c>, <c>GB</c> are powers of 1000.</summary>
public static class Sizes
{
    private static readonly (string Unit, long Bytes)[] s_units =
        [("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("B", 1)];

    /// <summary>What a message says to those who wrote something else.</summary>
    public const string Remedy = "is not a size: write bytes (65536) or 64KiB, 8MiB, 1GiB";

    /// <summary>Reads a size from 0 to 1 TiB.</summary>
    public static bool TryParse(string? text, out long bytes, [NotNullWhen(false)] out string? problem)
    {
        bytes = 0;
        problem = Remedy;
        if (string.IsNullOrWhiteSpace(text)) return false;
        text = text.Trim();
        var factor = 1L;
        foreach (var (unit, unitBytes) in s_units)
        {
            if (!text.EndsWith(unit, StringComparison.OrdinalIgnoreCase)) continue;
            factor = unitBytes;
            text = text[..^unit.Length].TrimEnd();
            break;
        }
        if (!double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)) return false;
        if (number * factor > 1L << 40) { problem = "is more than 1 TiB: write a smaller one"; return false; }
        bytes = (long)(number * factor);
        problem = null;
        return true;
    }
}
