using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace EndToEnd.Wire;

/// <summary>
/// A body that proves itself: it begins with its key, version and length and ends with a checksum of all before, so that a wrong, mixed or
/// short one is known by its bytes alone.
/// </summary>
public static class MarkedBody
{
    /// <param name="key">What it answers.</param>
    /// <param name="version">Which answer it is.</param>
    /// <param name="length">Its length in bytes; at least that of its marks.</param>
    public static string Make(string key, int version, int length)
    {
        var head = string.Create(CultureInfo.InvariantCulture, $"{key} {version} {length} ");
        var filling = length - head.Length - 16;
        ArgumentOutOfRangeException.ThrowIfNegative(filling, nameof(length));
        // The filling differs by key and version, so that a piece of another body does not fit either.
        var pattern = $"{key}/{version}.";
        var text = new StringBuilder(head, length);
        while (text.Length < head.Length + filling) text.Append(pattern);
        text.Length = head.Length + filling;
        return text.Append(Check(text.ToString())).ToString();
    }

    /// <summary>Null when it is a whole answer to the key; else what is wrong with it.</summary>
    public static string? Fault(string key, string body)
    {
        if (body.Length < 20) return "too short";
        if (body[^16..] != Check(body[..^16])) return "checksum differs";
        if (body.Split(' ') is not [var own, _, var length, ..]) return "no marks";
        return own != key ? $"is the body of {own}" : length != body.Length.ToString(CultureInfo.InvariantCulture) ? "length differs" : null;
    }

    public static int VersionOf(string body) => int.Parse(body.Split(' ')[1], CultureInfo.InvariantCulture);

    private static string Check(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.Latin1.GetBytes(text)).AsSpan(0, 8));
}
