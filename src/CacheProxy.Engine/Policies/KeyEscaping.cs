using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace CacheProxy.Engine.Policies;

/// <summary>
/// How a value becomes part of a key: percent-encoded in UTF-8 but for <c>A–Z a–z 0–9 . _ ~ - @</c>, so that no value can contain what
/// separates the parts of a key, end it, or be a wildcard.
/// </summary>
public static class KeyEscaping
{
    private static readonly SearchValues<char> s_plain =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-@");

    private static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);

    /// <summary>The value in the alphabet of keys.</summary>
    public static string Escape(string value)
    {
        if (!value.AsSpan().ContainsAnyExcept(s_plain)) return value;
        var result = new StringBuilder(value.Length + 16);
        Span<byte> bytes = stackalloc byte[4];
        foreach (var rune in value.EnumerateRunes())
        {
            if (rune.IsAscii && s_plain.Contains((char)rune.Value)) { result.Append((char)rune.Value); continue; }
            foreach (var b in bytes[..rune.EncodeToUtf8(bytes)]) result.Append('%').Append(HexDigit(b >> 4)).Append(HexDigit(b & 15));
        }
        return result.ToString();
    }

    /// <summary>Decodes percent-encoding; false when a percent sign is not followed by two digits or the bytes are not UTF-8.</summary>
    internal static bool TryDecode(string text, bool plusIsSpace, [NotNullWhen(true)] out string? value)
    {
        if (!text.AsSpan().ContainsAny('%', '+')) { value = text; return true; }
        return TryDecodeEscapes(text, plusIsSpace, out value);
    }

    /// <summary>Decodes percent-encoding; false when a percent sign is not followed by two digits or the bytes are not UTF-8.</summary>
    internal static bool TryDecode(ReadOnlySpan<char> text, bool plusIsSpace, [NotNullWhen(true)] out string? value)
    {
        if (!text.ContainsAny('%', '+')) { value = text.ToString(); return true; }
        return TryDecodeEscapes(text, plusIsSpace, out value);
    }

    private static bool TryDecodeEscapes(ReadOnlySpan<char> text, bool plusIsSpace, [NotNullWhen(true)] out string? value)
    {
        value = null;
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '%')
            {
                if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2])) return false;
                bytes[length++] = (byte)((HexValue(text[i + 1]) << 4) | HexValue(text[i + 2]));
                i += 2;
            }
            else if (text[i] == '+' && plusIsSpace) bytes[length++] = (byte)' ';
            else length += Encoding.UTF8.GetBytes(text.Slice(i, 1), bytes.AsSpan(length));
        }
        try { value = s_strict.GetString(bytes, 0, length); }
        catch (DecoderFallbackException) { return false; }
        return true;
    }

    /// <summary>RFC 3986 §6.2.2: percent-encoded unreserved characters are decoded, other escapes written in upper case.</summary>
    internal static string Normalize(string text)
    {
        if (!text.Contains('%', StringComparison.Ordinal)) return text;
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '%' || i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2])) { result.Append(text[i]); continue; }
            var value = (char)((HexValue(text[i + 1]) << 4) | HexValue(text[i + 2]));
            if (char.IsAsciiLetterOrDigit(value) || value is '-' or '.' or '_' or '~') result.Append(value);
            else result.Append('%').Append(char.ToUpperInvariant(text[i + 1])).Append(char.ToUpperInvariant(text[i + 2]));
            i += 2;
        }
        return result.ToString();
    }

    internal static bool IsValueCharacter(char c) => c == '%' || s_plain.Contains(c);

    private static char HexDigit(int value) => (char)(value < 10 ? '0' + value : 'A' + value - 10);

    private static int HexValue(char c) => char.IsAsciiDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
}
