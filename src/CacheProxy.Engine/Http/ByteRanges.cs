using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Engine.Http;

/// <summary>A part of a content: positions of its first and its last byte, both in it.</summary>
/// <param name="First">0 or more.</param>
/// <param name="Last">Not less than <paramref name="First"/>.</param>
public readonly record struct ByteRange(long First, long Last)
{
    /// <summary>How many bytes it has.</summary>
    public long Length => Last - First + 1;

    /// <summary>Whether the other part lies wholly in this one.</summary>
    public bool Contains(ByteRange other) => First <= other.First && other.Last <= Last;

    /// <summary>Whether the two share a byte.</summary>
    public bool Overlaps(ByteRange other) => First <= other.Last && other.First <= Last;
}

/// <summary>What a <c>Range</c> comes to.</summary>
public enum RangeOutcome
{
    /// <summary>There is none, or it is to be ignored: send the whole.</summary>
    None,

    /// <summary>One part: 206 with <c>Content-Range</c>.</summary>
    Single,

    /// <summary>Several: 206 with <c>multipart/byteranges</c>.</summary>
    Several,

    /// <summary>None of the parts exists: 416.</summary>
    Unsatisfiable,
}

/// <summary>The parts that are to be sent.</summary>
/// <param name="Outcome">What to do.</param>
/// <param name="Ranges">The parts, in the order asked for.</param>
public readonly record struct RangeSelection(RangeOutcome Outcome, ImmutableArray<ByteRange> Ranges)
{
    /// <summary>Send the whole.</summary>
    public static RangeSelection Whole { get; } = new(RangeOutcome.None, []);
}

/// <summary>Range requests against a response whose length is known (RFC 9110 §14).</summary>
public static class ByteRanges
{
    /// <summary>More parts than this, and the field is ignored.</summary>
    public const int MaxRanges = 16;

    /// <summary>
    /// Which parts a request asks for. Ranges count for GET only (§14.2), and only while <c>If-Range</c> holds. What is not valid, has too many
    /// parts, or parts that overlap, is ignored (§14.2 allows it).
    /// </summary>
    /// <param name="method">The request's method.</param>
    /// <param name="request">The request's fields.</param>
    /// <param name="stored">The stored fields, with the entity tag of the form in which it would be sent.</param>
    /// <param name="length">The length of the whole content in that form, in bytes.</param>
    /// <param name="now">Now.</param>
    public static RangeSelection Select(string method, IHeaderDictionary request, HeaderFields stored, long length, DateTimeOffset now) =>
        method == "GET" && request.Range.Count == 1 && IfRangeHolds(request.IfRange, stored, now)
            ? Select(request.Range, length)
            : RangeSelection.Whole;

    /// <summary>Which parts of a content of that length a <c>Range</c> means.</summary>
    public static RangeSelection Select(StringValues range, long length)
    {
        if (range.Count != 1) return RangeSelection.Whole;
        var text = ListReader.Trim(range[0]);
        if (!text.StartsWith("bytes=", StringComparison.OrdinalIgnoreCase)) return RangeSelection.Whole;

        var parts = ImmutableArray.CreateBuilder<ByteRange>();
        var asked = 0;
        var members = new ListReader(text[6..]);
        while (members.TryRead(out var member))
        {
            if (++asked > MaxRanges || !TryResolve(member, length, out var part)) return RangeSelection.Whole;
            if (part is not { } found) continue;
            foreach (var other in parts)
                if (other.Overlaps(found)) return RangeSelection.Whole;
            parts.Add(found);
        }
        if (asked == 0) return RangeSelection.Whole;
        var outcome = parts.Count switch { 0 => RangeOutcome.Unsatisfiable, 1 => RangeOutcome.Single, _ => RangeOutcome.Several };
        return new(outcome, parts.DrainToImmutable());
    }

    /// <summary>
    /// Whether <c>If-Range</c> allows parts (RFC 9110 §13.1.5): it is absent, or the same strong entity tag, or exactly the
    /// <c>Last-Modified</c> where that is a strong validator.
    /// </summary>
    public static bool IfRangeHolds(StringValues ifRange, HeaderFields stored, DateTimeOffset now)
    {
        if (ifRange.Count == 0) return true;
        if (EntityTag.TryParse(ifRange, out var wanted)) return EntityTag.TryParse(stored["ETag"], out var tag) && tag.StrongEquals(wanted);
        return ifRange.Count == 1 && HttpDate.TryParse(ifRange, now, out var date) && PartialContent.IsLastModifiedStrong(stored, now)
            && HttpDate.TryParse(stored["Last-Modified"], now, out var modified) && modified == date;
    }

    // False: no range at all. True with null: a valid range that the content does not reach.
    private static bool TryResolve(ReadOnlySpan<char> member, long length, out ByteRange? part)
    {
        part = null;
        var dash = member.IndexOf('-');
        if (dash < 0) return false;
        var firstText = member[..dash];
        var lastText = member[(dash + 1)..];
        if (firstText.IsEmpty)
        {
            if (!FieldSyntax.TryParseDigits(lastText, long.MaxValue, out var suffix)) return false;
            if (suffix > 0 && length > 0) part = new(Math.Max(0, length - suffix), length - 1);
            return true;
        }
        var last = long.MaxValue;
        if (!FieldSyntax.TryParseDigits(firstText, long.MaxValue, out var first)) return false;
        if (!lastText.IsEmpty && !FieldSyntax.TryParseDigits(lastText, long.MaxValue, out last)) return false;
        if (last < first) return false;
        if (first < length) part = new(first, Math.Min(last, length - 1));
        return true;
    }
}
