using CacheProxy.Engine.Http;
using CsCheck;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using static CacheProxy.Engine.Tests.Http.Messages;

namespace CacheProxy.Engine.Tests.Http;

/// <summary>No input makes a parser throw, and what is written is read back.</summary>
public class ParserPropertyTests
{
    // Pieces of real fields, put together wrongly, find more than random characters do.
    private static readonly Gen<string> s_text = Gen.OneOf<string>(
        Gen.String,
        Gen.OneOf(
            "max-age", "no-cache", "private", "public", "=", "\"", "\\", ",", ";", " ", "\t", "*", "W/", "bytes=", "bytes ", "-", "/", "0", "1", "99999999999999999999",
            "q=", "0.5", "gzip", "br", "identity", "?", "#", ":", "(", ")", "@", "%", "%c3", "//", "..", ".", "http:", "h", "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "a", "é", "\0", "\ud800").Array[0, 12].Select(string.Concat));

    private static readonly Gen<StringValues> s_lines =
        Gen.OneOf<string>(s_text, Gen.Const("")).Array[0, 3].Select(lines => new StringValues(lines));

    [Fact]
    public void Parsers_OfAnyLines_DoNotThrow() => s_lines.Sample(
        lines =>
        {
            CacheControl.Parse(lines);
            TargetedCacheControl.Parse(lines);
            _ = StructuredFields.TryParseDictionary(lines, out _);
            _ = StructuredFields.TryParseList(lines, out _);
            _ = HttpDate.TryParse(lines, Now, out _);
            _ = EntityTag.TryParse(lines, out _);
            EntityTag.ParseList(lines);
            _ = Vary.TryParse(lines, out _);
            foreach (var name in (string[])["accept-encoding", "accept-language", "cookie", "x"]) Vary.Normalize(name, lines);
            ContentCoding.Negotiate(lines);
            ContentCoding.Accepts(lines, lines);
            ContentCoding.IsCompressible(lines);
            _ = ContentRange.TryParse(lines, out _);
            ByteRanges.Select(lines, 10);
            ConnectionFields.Nominated(lines);
            CacheTags.GroupsOf(lines);
            TargetReference.Resolve(lines, "http", new HostString("h"), "/a/b?c");
        },
        iter: 20_000);

    [Fact]
    public void Decisions_OverAnyFields_DoNotThrow() => Gen.Select(s_lines, s_lines, Gen.Int[100, 999]).Sample(
        (one, other, status) =>
        {
            HeaderFields response = new(
            [
                new("Cache-Control", one), new("CDN-Cache-Control", other), new("Expires", other), new("Date", one), new("Last-Modified", other),
                new("Age", one), new("Vary", other), new("ETag", one), new("Content-Range", other), new("Set-Cookie", one), new("Connection", other),
                new("Content-Encoding", one), new("Content-Type", other), new("Location", one), new("Surrogate-Key", other), new("Cache-Tag", one),
                new("Cache-Groups", other), new("Content-Length", one), new("Content-Language", other),
            ]);
            var request = new HeaderDictionary
            {
                ["If-None-Match"] = one,
                ["If-Modified-Since"] = other,
                ["If-Match"] = other,
                ["If-Unmodified-Since"] = one,
                ["Range"] = other,
                ["If-Range"] = one,
                ["Cache-Control"] = one,
                ["Accept-Language"] = other,
                ["Connection"] = one,
            };
            var effective = TargetedCacheControl.Effective(response);
            var lifetime = Freshness.Of(status, response, effective, Now);
            Assert.True(lifetime.Value >= TimeSpan.Zero);
            Assert.True(Freshness.InitialAge(response, Now, Now) >= TimeSpan.Zero);
            Freshness.AllowsRequest(Freshness.OfRequest(request), effective, TimeSpan.FromDays(1), lifetime.Value);
            Storability.UnderOrigin(new() { Method = "GET", Status = status, Response = response, Effective = effective, Lifetime = lifetime });
            Storability.UnderPolicy(status, response, effective);
            ConditionalRequest.Evaluate("GET", request, status, response, Now, Now);
            ByteRanges.Select("GET", request, response, 10, Now);
            _ = PartialContent.TryDescribe(response, 5, out _, out _);
            PartialContent.Combines(response, response, Now);
            Freshening.Merge(response, response);
            Freshening.Selects(response, response);
            Freshening.EffectOfHead(200, response, 5, status, response);
            ContentCoding.MayCompress(status, response, 5000);
            ConnectionFields.ToStore(response, effective);
            ConnectionFields.Remove(request);
            CacheTags.Read(response, 5);
            Invalidates.Of("POST", status, "http", new HostString("h"), "/a", response);
            if (Vary.TryParse(other, out var names)) Assert.True(Vary.Matches(names, Vary.ValuesOf(names, request), request));
        },
        iter: 10_000);

    [Fact]
    public void HttpDate_OfAnySecond_IsReadBack() => Gen.Long[0, DateTime.MaxValue.Ticks / TimeSpan.TicksPerSecond].Sample(seconds =>
    {
        var date = new DateTimeOffset(seconds * TimeSpan.TicksPerSecond, TimeSpan.Zero);
        Assert.True(HttpDate.TryParse(HttpDate.Format(date), Now, out var read));
        Assert.Equal(date, read);
    });

    [Fact]
    public void EntityTag_OfAnyOpaque_IsReadBack() => Gen.Select(Gen.Char['#', '\u00ff'].Where(c => c != '\x7f').Array[0, 20], Gen.Bool).Sample((opaque, weak) =>
    {
        var tag = new EntityTag(new string(opaque), weak);
        Assert.True(EntityTag.TryParse(tag.ToString(), out var read));
        Assert.Equal(tag, read);
        Assert.Equal([tag, tag], EntityTag.ParseList($"{tag} , {tag}").ToArray());
    });

    [Fact]
    public void ContentRange_OfAnyPart_IsReadBack() => Gen.Select(Gen.Long[0, 1L << 40], Gen.Long[0, 1L << 40], Gen.Bool).Sample((first, length, known) =>
    {
        var range = new ContentRange(new ByteRange(first, first + length), known ? first + length + 1 : null);
        Assert.True(ContentRange.TryParse(range.ToString(), out var read));
        Assert.Equal(range, read);
    });

    [Fact]
    public void CacheStatus_WithAnyDetail_IsAStructuredField() => Gen.String.Sample(detail =>
    {
        Assert.True(StructuredFields.TryParseList(new CacheStatus { Hit = true, Detail = detail }.ToString(), out var list));
        Assert.Single(list);
    });

    [Fact]
    public void ByteRanges_OfAnyField_LieWithinTheContent() => Gen.Select(s_text, Gen.Long[0, 100]).Sample((text, length) =>
    {
        foreach (var part in ByteRanges.Select($"bytes={text}", length).Ranges)
            Assert.True(part.First >= 0 && part.First <= part.Last && part.Last < length);
    });

    // A quote that is never closed in its own line may find its end in the next one, once they are one.
    [Fact]
    public void Normalize_OfItsOwnResult_ChangesNothing() => s_lines.Where(lines => lines.Count > 0 && lines.All(line => !line!.Contains('"', StringComparison.Ordinal))).Sample(lines =>
    {
        foreach (var name in (string[])["accept-encoding", "x"])
        {
            var normal = Vary.Normalize(name, lines);
            if (normal != ",") Assert.Equal(normal, Vary.Normalize(name, normal));
        }
    });
}
