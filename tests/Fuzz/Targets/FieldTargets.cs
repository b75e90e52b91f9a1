using CacheProxy.Engine.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Fuzz.Targets;

/// <summary>The readers of header fields. Several lines of a field are separated by a line feed, which no field can hold.</summary>
internal static class FieldTargets
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);

    public static IEnumerable<FuzzTarget> All =>
    [
        FuzzTarget.OfText("cache-control", CacheControls, "max-age=60", "no-cache=\"a, b\", private", "s-maxage=1\npublic, must-revalidate", "stale-while-revalidate=5, stale-if-error=\"6\"", "max-age=99999999999999999999"),
        FuzzTarget.OfText("structured-fields", Structured, "a=1, b;x=?1, c=(\"d\" e);f", "\"group\", \"other\";p=1.5", "a=:aGVsbG8=:, b=@1659578233", "a, b=%\"f%c3%bc\", c=-0.5", "(a b);q=1, ()"),
        FuzzTarget.OfText("dates", Dates, "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Thu, 31 Dec 9999 23:59:60 GMT", "Fri, 29 Feb 2100 00:00:00 GMT"),
        FuzzTarget.OfText("ranges", Ranges, "bytes=0-9", "bytes=0-0,-1,5-", "bytes 0-9/10", "bytes */10", "bytes=9999999999999999999-", "\"tag\""),
        FuzzTarget.OfText("vary", Varies, "Accept-Encoding, Accept-Language", "*", "a\nb, c", "gzip;q=0.5, br, *;q=0", "de-CH;q=0.8, en, *"),
    ];

    private static void CacheControls(string text)
    {
        var lines = Lines(text);
        var control = CacheControl.Parse(lines);
        BrokenPromiseException.ThrowIf(control.MaxAge < TimeSpan.Zero || control.SharedMaxAge < TimeSpan.Zero, "a negative lifetime");
        TargetedCacheControl.Parse(lines);
        HeaderFields response = new([new("Cache-Control", lines), new("CDN-Cache-Control", lines), new("Expires", lines), new("Date", lines), new("Age", lines)]);
        var effective = TargetedCacheControl.Effective(response);
        var lifetime = Freshness.Of(200, response, effective, s_now);
        BrokenPromiseException.ThrowIf(lifetime.Value < TimeSpan.Zero, "a negative freshness lifetime");
        BrokenPromiseException.ThrowIf(Freshness.InitialAge(response, s_now, s_now) < TimeSpan.Zero, "a negative age");
        Freshness.AllowsRequest(control, effective, TimeSpan.FromDays(1), lifetime.Value);
        Storability.UnderPolicy(200, response, effective);
        // A reader that takes the lines together must find a refusal wherever it stands.
        if (control.NoStore) BrokenPromiseException.ThrowIf(!CacheControl.Parse(new StringValues([.. lines, "max-age=5"])).NoStore, "no-store was lost behind another line");
    }

    private static void Structured(string text)
    {
        var lines = Lines(text);
        if (StructuredFields.TryParseDictionary(lines, out var members))
            BrokenPromiseException.ThrowIf(members.Select(static member => member.Key).Distinct(StringComparer.Ordinal).Count() != members.Length, "a key twice");
        _ = StructuredFields.TryParseList(lines, out _);
        CacheTags.GroupsOf(lines);
        BrokenPromiseException.ThrowIf(!StructuredFields.TryParseList(new CacheStatus { Hit = true, Detail = text }.ToString(), out var own) || own.Length != 1, "our own member is no structured field");
    }

    private static void Dates(string text)
    {
        if (!HttpDate.TryParse(text, s_now, out var date)) return;
        BrokenPromiseException.ThrowIf(!HttpDate.TryParse(HttpDate.Format(date), s_now, out var again) || again != date, $"'{text}' is {date:O}, and its own form is {again:O}");
    }

    private static void Ranges(string text)
    {
        var lines = Lines(text);
        foreach (var length in (long[])[0, 1, 10, 1L << 40, long.MaxValue])
        {
            var selection = ByteRanges.Select(lines, length);
            BrokenPromiseException.ThrowIf(selection.Ranges.Length > ByteRanges.MaxRanges, "too many ranges");
            foreach (var part in selection.Ranges)
                BrokenPromiseException.ThrowIf(part.First < 0 || part.First > part.Last || part.Last >= length || part.Length <= 0, $"{part} of {length}");
        }
        ByteRanges.IfRangeHolds(lines, new HeaderFields([new("ETag", "\"tag\""), new("Last-Modified", lines)]), s_now);
        if (ContentRange.TryParse(lines, out var range))
            BrokenPromiseException.ThrowIf(!ContentRange.TryParse(range.ToString(), out var again) || again != range, $"{range} is not read back");
        HeaderFields stored = new([new("Content-Range", lines), new("ETag", "\"a\""), new("Content-Length", lines)]);
        if (PartialContent.TryDescribe(stored, 5, out _, out _)) PartialContent.Combines(stored, stored, s_now);
    }

    private static void Varies(string text)
    {
        var lines = Lines(text);
        foreach (var name in (string[])["accept-encoding", "accept-language", "cookie", "x"])
        {
            var normal = Vary.Normalize(name, lines);
            // A quote that is never closed in its own line may find its end in the next one, once they are one.
            if (name is "accept-encoding" or "x" && normal != "," && !text.Contains('"', StringComparison.Ordinal)) BrokenPromiseException.ThrowIf(Vary.Normalize(name, normal) != normal, $"{name}: '{normal}' has another normal form");
        }
        ContentCoding.Negotiate(lines);
        ContentCoding.Accepts(lines, lines);
        if (!Vary.TryParse(lines, out var names)) return;
        BrokenPromiseException.ThrowIf(names.Length > Vary.MaxNames, "too many names");
        var request = new HeaderDictionary { ["Accept-Encoding"] = lines, ["Accept-Language"] = lines, ["Cookie"] = lines };
        BrokenPromiseException.ThrowIf(!Vary.Matches(names, Vary.ValuesOf(names, request), request), "a request does not select its own response");
    }

    private static StringValues Lines(string text) => new(text.Split('\n'));
}
