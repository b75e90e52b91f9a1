namespace CacheProxy.Engine.Http;

/// <summary>Storing and combining parts (RFC 9111 §3.3, §3.4; RFC 9110 §15.3.7.3).</summary>
public static class PartialContent
{
    // RFC 9110 §8.8.2.2 asks for a difference that makes unequal clocks unlikely to matter.
    private static readonly TimeSpan s_strongAfter = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Which bytes of the whole a complete 206 message holds: from its first position on, as many as came. False when it does not say, when it
    /// has several parts, or when more bytes came than it says.
    /// </summary>
    /// <param name="response">The fields of the 206.</param>
    /// <param name="contentLength">How many bytes came.</param>
    /// <param name="held">The part.</param>
    /// <param name="completeLength">The length of the whole in bytes, where it is known.</param>
    public static bool TryDescribe(HeaderFields response, long contentLength, out ByteRange held, out long? completeLength)
    {
        held = default;
        completeLength = null;
        if (contentLength <= 0 || !ContentRange.TryParse(response["Content-Range"], out var range) || range.Range is not { } declared) return false;
        if (contentLength > declared.Length) return false;
        held = declared with { Last = declared.First + contentLength - 1 };
        completeLength = range.CompleteLength;
        return true;
    }

    /// <summary>
    /// Whether two responses are parts of the same representation: they share a strong validator (the entity tag; without tags in both a
    /// <c>Last-Modified</c> that is strong in both), and their codings are the same.
    /// </summary>
    public static bool Combines(HeaderFields stored, HeaderFields newer, DateTimeOffset now)
    {
        if (stored["Content-Encoding"] != newer["Content-Encoding"]) return false;
        if (stored.Contains("ETag") || newer.Contains("ETag"))
            return EntityTag.TryParse(stored["ETag"], out var one) && EntityTag.TryParse(newer["ETag"], out var other) && one.StrongEquals(other);
        return IsLastModifiedStrong(stored, now) && IsLastModifiedStrong(newer, now)
            && HttpDate.TryParse(stored["Last-Modified"], now, out var a) && HttpDate.TryParse(newer["Last-Modified"], now, out var b) && a == b;
    }

    /// <summary>The fields of the combination (RFC 9111 §3.4): the newer ones replace the stored; range and length are the caller's to set.</summary>
    public static HeaderFields CombineFields(HeaderFields stored, HeaderFields newer) =>
        Freshening.Merge(stored, newer).Without(name => FieldSyntax.Is(name, "Content-Range") || FieldSyntax.Is(name, "Content-Length"));

    /// <summary>The one part that two parts make, if they touch or overlap.</summary>
    public static bool TryUnite(ByteRange one, ByteRange other, out ByteRange united)
    {
        united = new(Math.Min(one.First, other.First), Math.Max(one.Last, other.Last));
        return one.First <= other.Last + 1 && other.First <= one.Last + 1;
    }

    /// <summary>Whether <c>Last-Modified</c> is a strong validator (RFC 9110 §8.8.2.2): the response was made at least a minute after it.</summary>
    public static bool IsLastModifiedStrong(HeaderFields response, DateTimeOffset now) =>
        HttpDate.TryParse(response["Last-Modified"], now, out var modified) && HttpDate.TryParse(response["Date"], now, out var date)
        && date - modified >= s_strongAfter;
}
