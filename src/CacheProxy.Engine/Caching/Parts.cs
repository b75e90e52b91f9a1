using CacheProxy.Engine.Http;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace CacheProxy.Engine.Caching;

/// <summary>
/// Stored parts of a content (RFC 9111 §3.3, §3.4): what they answer, how two become one, and what is missing to the whole. Pure.
/// A part whose message was shorter than it declared holds what came.
/// </summary>
internal static class Parts
{
    /// <summary>The bytes of a part with which a request is answered; <see langword="null"/> when it does not have them.</summary>
    public static PartAnswer? Answer(StoredResponse part, IHeaderDictionary request, DateTimeOffset now)
    {
        if (request.Range is not [{ } asked] || !ByteRanges.IfRangeHolds(request.IfRange, part.Headers, now)) return null;
        if (!PartialContent.TryDescribe(part.Headers, part.Body.Length, out var held, out var complete)) return null;
        // The same question has the same answer.
        if (asked == part.AskedRange) return new PartAnswer(0, part.Body.Length, part.Headers[HeaderNames.ContentRange].ToString());

        var selection = ByteRanges.Select(asked, complete ?? long.MaxValue);
        if (selection.Outcome != RangeOutcome.Single) return null;
        var wanted = selection.Ranges[0];
        if (!Declared(part).Contains(wanted) || wanted.First > held.Last) return null;
        // What the origin itself sent short is sent short again: a 206 says what it has (RFC 9110 §15.3.7).
        wanted = wanted with { Last = Math.Min(wanted.Last, held.Last) };
        return new PartAnswer((int)(wanted.First - held.First), (int)wanted.Length, new ContentRange(wanted, complete).ToString());
    }

    /// <summary>What to ask for so that a part from the beginning becomes the whole; only with a strong validator, which says whether it still fits.</summary>
    public static MissingRest? RestOf(StoredResponse part, DateTimeOffset now)
    {
        if (!PartialContent.TryDescribe(part.Headers, part.Body.Length, out var held, out var complete) || held.First != 0 || held.Last + 1 >= complete) return null;
        string? validator = null;
        if (EntityTag.TryParse(part.Headers[HeaderNames.ETag], out var tag)) validator = tag.Weak ? null : tag.ToString();
        else if (PartialContent.IsLastModifiedStrong(part.Headers, now)) validator = part.Headers[HeaderNames.LastModified].ToString();
        return validator is null ? null : new MissingRest($"bytes={held.Last + 1}-", validator);
    }

    /// <summary>Whether a 206 is exactly what is missing to the whole; then the fields of the whole.</summary>
    public static HeaderFields? FieldsOfWhole(StoredResponse part, HeaderFields rest, DateTimeOffset now)
    {
        if (!PartialContent.TryDescribe(part.Headers, part.Body.Length, out var held, out _) || !PartialContent.Combines(part.Headers, rest, now)) return null;
        if (!ContentRange.TryParse(rest[HeaderNames.ContentRange], out var range) || range is not { Range: { } came, CompleteLength: { } length }) return null;
        if (came.First != held.Last + 1 || came.Last != length - 1) return null;
        return PartialContent.CombineFields(part.Headers, rest).With(HeaderNames.ContentLength, length.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>One of two parts, or the whole when nothing is missing any more; the newer alone when they do not fit.</summary>
    /// <param name="older">A valid stored part.</param>
    /// <param name="newer">What has just come.</param>
    /// <param name="now">Now.</param>
    public static StoredResponse Unite(StoredResponse older, StoredResponse newer, DateTimeOffset now)
    {
        if (!PartialContent.TryDescribe(older.Headers, older.Body.Length, out var first, out var length) || Smallest(older.Stamp, newer.Stamp) is not { } stamp
            || !PartialContent.TryDescribe(newer.Headers, newer.Body.Length, out var second, out var newLength) || length != newLength
            || !PartialContent.TryUnite(first, second, out var united) || !PartialContent.Combines(older.Headers, newer.Headers, now))
            return newer;

        var body = new byte[united.Length];
        older.Body.CopyTo(body.AsMemory((int)(first.First - united.First)));
        newer.Body.CopyTo(body.AsMemory((int)(second.First - united.First)));
        var fields = PartialContent.CombineFields(older.Headers, newer.Headers);
        var whole = united.First == 0 && united.Length == length;
        return newer with
        {
            Status = whole ? StatusCodes.Status200OK : newer.Status,
            Headers = whole ? fields : fields.With(HeaderNames.ContentRange, new ContentRange(united, length).ToString()),
            Body = body,
            AskedRange = null,
            Stamp = stamp,
            Tags = [.. older.Tags.Union(newer.Tags)],
        };
    }

    /// <summary>The stamp of what is made of two (INVALIDATION 3); none when they are of different lives of the log.</summary>
    public static Position? Smallest(Position one, Position other) =>
        one.Epoch != other.Epoch ? null : one.Sequence <= other.Sequence ? one : other;

    private static ByteRange Declared(StoredResponse part) =>
        ContentRange.TryParse(part.Headers[HeaderNames.ContentRange], out var range) ? range.Range ?? default : default;
}

/// <summary>A piece of a stored part's body, with the field that says which it is.</summary>
internal readonly record struct PartAnswer(int Offset, int Length, string ContentRange);

/// <summary>The request for what is missing.</summary>
/// <param name="Range">For <c>Range</c>.</param>
/// <param name="Validator">For <c>If-Range</c>.</param>
internal readonly record struct MissingRest(string Range, string Validator);
