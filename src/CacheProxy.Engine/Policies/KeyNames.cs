using System.Security.Cryptography;
using System.Text;

namespace CacheProxy.Engine.Policies;

/// <summary>Bounds the length of names. A cut name would be a valid name of something else, so the tail becomes its hash.</summary>
internal static class KeyNames
{
    /// <summary>The longest name, in bytes of UTF-8.</summary>
    public const int MaxLength = 512;

    /// <summary>A primary key or a tag: <c>!</c> cannot come from a value, so no request can spell a shortened one.</summary>
    public static string ShortenKey(string key) => Shorten(key, '!');

    /// <summary>A name in the shared tier: 64 digits after <c>#</c> cannot be the 16 of a rest.</summary>
    public static string ShortenName(string name) => Shorten(name, '#');

    private static string Shorten(string text, char mark)
    {
        if (text.Length <= MaxLength / 3 || Encoding.UTF8.GetByteCount(text) <= MaxLength) return text;
        var utf8 = Encoding.UTF8.GetBytes(text);
        var kept = MaxLength - 1 - (2 * SHA256.HashSizeInBytes);
        while (kept > 0 && (utf8[kept] & 0xC0) == 0x80) kept--;
        return $"{Encoding.UTF8.GetString(utf8, 0, kept)}{mark}{Convert.ToHexStringLower(SHA256.HashData(utf8))}";
    }
}
