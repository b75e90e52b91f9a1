using CacheProxy.Engine.Http;
using static CacheProxy.Engine.Tests.Http.Messages;

namespace CacheProxy.Engine.Tests.Http;

/// <summary>RFC 9110 §13.1.5, §14; RFC 9111 §3.3, §3.4.</summary>
public class ByteRangesTests
{
    [Theory]
    [InlineData("bytes=0-1", 10, RangeOutcome.Single, "0-1")]
    [InlineData("Bytes=1-", 10, RangeOutcome.Single, "1-9")]
    [InlineData("bytes=-1", 10, RangeOutcome.Single, "9-9")]
    [InlineData("bytes=-100", 10, RangeOutcome.Single, "0-9")]
    [InlineData("bytes=5-100", 10, RangeOutcome.Single, "5-9")]
    [InlineData("bytes=5-99999999999999999999999", 10, RangeOutcome.Single, "5-9")]
    [InlineData("bytes=4294967290-", 4294967297, RangeOutcome.Single, "4294967290-4294967296")]
    [InlineData("bytes= 0-0 ,, 2-3", 10, RangeOutcome.Several, "0-0 2-3")]
    [InlineData("bytes=5-6,0-1", 10, RangeOutcome.Several, "5-6 0-1")]
    [InlineData("bytes=0-1,20-30", 10, RangeOutcome.Single, "0-1")]
    [InlineData("bytes=10-", 10, RangeOutcome.Unsatisfiable, "")]
    [InlineData("bytes=99999999999999999999999-", 10, RangeOutcome.Unsatisfiable, "")]
    [InlineData("bytes=-0", 10, RangeOutcome.Unsatisfiable, "")]
    [InlineData("bytes=0-", 0, RangeOutcome.Unsatisfiable, "")]
    [InlineData("bytes=-5", 0, RangeOutcome.Unsatisfiable, "")]
    [InlineData("bytes=0-5,3-7", 10, RangeOutcome.None, "")]
    [InlineData("bytes=5-4", 10, RangeOutcome.None, "")]
    [InlineData("bytes=", 10, RangeOutcome.None, "")]
    [InlineData("bytes=-", 10, RangeOutcome.None, "")]
    [InlineData("bytes=a-b", 10, RangeOutcome.None, "")]
    [InlineData("bytes=0-1,x", 10, RangeOutcome.None, "")]
    [InlineData("bytes=+1-2", 10, RangeOutcome.None, "")]
    [InlineData("bytes=1 - 2", 10, RangeOutcome.None, "")]
    [InlineData("items=0-1", 10, RangeOutcome.None, "")]
    [InlineData("bytes 0-1", 10, RangeOutcome.None, "")]
    [InlineData("bytes=0-1|bytes=2-3", 10, RangeOutcome.None, "")]
    public void Select_OfARange_IsResolvedOrIgnored(string range, long length, RangeOutcome outcome, string parts)
    {
        var selection = ByteRanges.Select(Lines(range), length);
        Assert.Equal(outcome, selection.Outcome);
        Assert.Equal(parts, string.Join(' ', selection.Ranges.Select(part => $"{part.First}-{part.Last}")));
    }

    [Theory]
    [InlineData(16, RangeOutcome.Several)]
    [InlineData(17, RangeOutcome.None)]
    public void Select_OfManyParts_IsBounded(int count, RangeOutcome expected) =>
        Assert.Equal(expected, ByteRanges.Select($"bytes={string.Join(',', Enumerable.Range(0, count).Select(i => $"{i * 2}-{i * 2}"))}", 1000).Outcome);

    [Theory]
    [InlineData("\"a\"", true)]
    [InlineData("\"b\"", false)]
    [InlineData("W/\"a\"", false)]
    [InlineData("Sun, 01 Mar 2026 11:00:00 GMT", true)]
    [InlineData("Sun, 01 Mar 2026 11:00:01 GMT", false)]
    [InlineData("junk", false)]
    public void IfRange_AgainstStrongValidators_Holds(string value, bool expected)
    {
        var stored = Response("ETag: \"a\"", "Last-Modified: Sun, 01 Mar 2026 11:00:00 GMT", $"Date: {At(0)}");
        Assert.Equal(expected, ByteRanges.IfRangeHolds(value, stored, Now));
        var selection = ByteRanges.Select("GET", Request("Range: bytes=0-0", $"If-Range: {value}"), stored, 5, Now);
        Assert.Equal(expected ? RangeOutcome.Single : RangeOutcome.None, selection.Outcome);
    }

    [Fact]
    public void IfRange_AgainstARecentLastModified_DoesNotHold() =>
        Assert.False(ByteRanges.IfRangeHolds(At(-5), Response($"Last-Modified: {At(-5)}", $"Date: {At(0)}"), Now));

    [Theory]
    [InlineData("GET", RangeOutcome.Single)]
    [InlineData("HEAD", RangeOutcome.None)]
    [InlineData("POST", RangeOutcome.None)]
    public void Select_ByMethod_IsForGetAlone(string method, RangeOutcome expected) =>
        Assert.Equal(expected, ByteRanges.Select(method, Request("Range: bytes=0-0"), HeaderFields.Empty, 5, Now).Outcome);

    [Theory]
    [InlineData("bytes 0-4/10", 0L, 4L, 10L)]
    [InlineData("Bytes 5-5/*", 5L, 5L, null)]
    [InlineData("bytes */10", null, null, 10L)]
    public void ContentRange_WellFormed_IsRead(string text, long? first, long? last, long? length)
    {
        Assert.True(ContentRange.TryParse(text, out var range));
        Assert.Equal((first, last, length), (range.Range?.First, range.Range?.Last, range.CompleteLength));
        Assert.Equal(text, range.ToString(), ignoreCase: true);
    }

    [Theory]
    [InlineData("bytes 4-0/10")]
    [InlineData("bytes 0-10/10")]
    [InlineData("bytes 0-4")]
    [InlineData("bytes */*")]
    [InlineData("bytes=0-4/10")]
    [InlineData("items 0-4/10")]
    [InlineData("bytes 0-99999999999999999999/*")]
    [InlineData("bytes 0-1/2|bytes 0-1/2")]
    [InlineData("")]
    public void ContentRange_ThatContradictsItself_IsNone(string text) => Assert.False(ContentRange.TryParse(Lines(text), out _));

    [Theory]
    [InlineData("bytes 4-9/10", 6, true, 4, 9)]
    [InlineData("bytes 4-9/10", 5, true, 4, 8)]
    [InlineData("bytes 4-9/10", 7, false, 0, 0)]
    [InlineData("bytes 4-9/10", 0, false, 0, 0)]
    [InlineData("bytes */10", 5, false, 0, 0)]
    public void TryDescribe_OfAPart_IsWhatCame(string range, long length, bool expected, long first, long last)
    {
        Assert.Equal(expected, PartialContent.TryDescribe(Response($"Content-Range: {range}"), length, out var held, out _));
        Assert.Equal(new(first, last), held);
    }

    [Theory]
    [InlineData("ETag: \"a\"", "ETag: \"a\"", true)]
    [InlineData("ETag: W/\"a\"", "ETag: W/\"a\"", false)]
    [InlineData("ETag: \"a\"", "ETag: \"b\"", false)]
    [InlineData("ETag: \"a\"", "X: 1", false)]
    [InlineData("X: 1", "X: 1", false)]
    [InlineData("Last-Modified: Sun, 01 Mar 2026 11:00:00 GMT", "Last-Modified: Sun, 01 Mar 2026 11:00:00 GMT", true)]
    [InlineData("Last-Modified: Sun, 01 Mar 2026 11:59:30 GMT", "Last-Modified: Sun, 01 Mar 2026 11:59:30 GMT", false)]
    public void Combines_OnlyByAStrongValidator(string one, string other, bool expected) =>
        Assert.Equal(expected, PartialContent.Combines(Response(one, $"Date: {At(0)}"), Response(other, $"Date: {At(0)}"), Now));

    [Theory]
    [InlineData(0, 4, 5, 9, true)]
    [InlineData(5, 9, 0, 4, true)]
    [InlineData(0, 6, 4, 9, true)]
    [InlineData(0, 3, 5, 9, false)]
    public void TryUnite_OfTwoParts_NeedsNoGap(long a, long b, long c, long d, bool expected)
    {
        Assert.Equal(expected, PartialContent.TryUnite(new(a, b), new(c, d), out var united));
        if (expected) Assert.Equal(new(0, 9), united);
    }

    [Fact]
    public void CombineFields_OfTwoParts_TakesTheNewerAndLeavesRangeAndLengthOpen()
    {
        var fields = PartialContent.CombineFields(
            Response("A: 1", "B: 1", "Content-Range: bytes 0-1/4", "Content-Length: 2"), Response("A: 2", "Content-Range: bytes 2-3/4"));
        Assert.Equal(["A", "B"], fields.Select<KeyValuePair<string, Microsoft.Extensions.Primitives.StringValues>, string>(field => field.Key));
        Assert.Equal("2", fields["A"]);
    }
}
