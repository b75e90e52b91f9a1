using System.Buffers;

namespace CacheProxy.Engine.Http;

/// <summary>The character sets of RFC 9110 §5.6 and numbers as HTTP writes them.</summary>
internal static class FieldSyntax
{
    /// <summary>What RFC 9111 §1.2.2 has a recipient put in the place of a delta-seconds that is too large for it, in seconds: 2^31.</summary>
    public const long LargestDeltaSeconds = 2_147_483_648;

    private static readonly SearchValues<char> s_token =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>Whether the text is a token (RFC 9110 §5.6.2).</summary>
    public static bool IsToken(ReadOnlySpan<char> text) => !text.IsEmpty && !text.ContainsAnyExcept(s_token);

    /// <summary>Delta-seconds (RFC 9111 §1.2.2): digits only; beyond 2^31 it is 2^31.</summary>
    public static bool TryParseDeltaSeconds(ReadOnlySpan<char> text, out TimeSpan value)
    {
        value = default;
        if (!TryParseDigits(text, LargestDeltaSeconds, out var seconds)) return false;
        value = TimeSpan.FromSeconds(seconds);
        return true;
    }

    /// <summary>Digits only, any number of them; what is beyond the largest value becomes it.</summary>
    public static bool TryParseDigits(ReadOnlySpan<char> text, long largest, out long value)
    {
        value = 0;
        if (text.IsEmpty || text.ContainsAnyExceptInRange('0', '9')) return false;
        foreach (var digit in text)
        {
            var next = digit - '0';
            if (value > (largest - next) / 10)
            {
                value = largest;
                return true;
            }
            value = value * 10 + next;
        }
        return true;
    }

    /// <summary>Compares names of directives, parameters, codings and units: without regard to case.</summary>
    public static bool Is(ReadOnlySpan<char> text, string name) => text.Equals(name, StringComparison.OrdinalIgnoreCase);
}
