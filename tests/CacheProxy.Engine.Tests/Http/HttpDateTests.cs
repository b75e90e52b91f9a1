using CacheProxy.Engine.Http;
using static CacheProxy.Engine.Tests.Http.Messages;

namespace CacheProxy.Engine.Tests.Http;

/// <summary>RFC 9110 §5.6.7.</summary>
public class HttpDateTests
{
    [Theory]
    [InlineData("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z")]
    [InlineData("Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z")]
    [InlineData("Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z")]
    [InlineData("Sun Nov 16 08:49:37 1994", "1994-11-16T08:49:37Z")]
    [InlineData("Thursday, 18-Aug-50 02:01:18 GMT", "2050-08-18T02:01:18Z")]
    [InlineData("Thursday, 18-Aug-76 02:01:18 GMT", "2076-08-18T02:01:18Z")]
    [InlineData("Thursday, 18-Aug-77 02:01:18 GMT", "1977-08-18T02:01:18Z")]
    [InlineData("Thu Aug  8 02:01:18 2050", "2050-08-08T02:01:18Z")]
    [InlineData("THU, 18 Aug 2050 02:01:18 GMT", "2050-08-18T02:01:18Z")]
    [InlineData("Thu, 18 AUG 2050 02:01:18 gMT", "2050-08-18T02:01:18Z")]
    [InlineData("Sun, 21 Nov 2286 04:46:39 GMT", "2286-11-21T04:46:39Z")]
    [InlineData("Mon, 18 Aug 2050 02:01:18 GMT", "2050-08-18T02:01:18Z")]
    [InlineData("Sat, 31 Dec 2016 23:59:60 GMT", "2017-01-01T00:00:00Z")]
    [InlineData("  Thu, 18 Aug 2050 02:01:18 GMT ", "2050-08-18T02:01:18Z")]
    public void TryParse_OfTheThreeForms_IsRead(string text, string expected)
    {
        Assert.True(HttpDate.TryParse(text, Now, out var date));
        Assert.Equal(DateTimeOffset.Parse(expected, null), date);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("Thu, 18 Aug 2050 02:01:18 UTC")]
    [InlineData("Thu, 18 Aug 2050 02:01:18 AEST")]
    [InlineData("Thu, 18 Aug 2050 02:01:18")]
    [InlineData("Thu, 18 Aug 2050 02:01:18 +0000")]
    [InlineData("Thu, 18 Aug 50 02:01:18 GMT")]
    [InlineData("Thu 18 Aug 2050 02:01:18 GMT")]
    [InlineData("Thu, 18  Aug  2050 02:01:18 GMT")]
    [InlineData("Thu, 18-Aug-2050 02:01:18 GMT")]
    [InlineData("Thu, 18-Aug-50 02:01:18 GMT")]
    [InlineData("Thu, 18 Aug 2050 02.01.18 GMT")]
    [InlineData("Thu, 18 Aug 2050 2:01:18 GMT")]
    [InlineData("Thu, 31 Feb 2050 02:01:18 GMT")]
    [InlineData("Thu, 00 Aug 2050 02:01:18 GMT")]
    [InlineData("Thu, 18 Aug 2050 24:01:18 GMT")]
    [InlineData("Thu, 18 Aug 0000 02:01:18 GMT")]
    [InlineData("Fri, 31 Dec 9999 23:59:60 GMT")]
    [InlineData("Xxx, 18 Aug 2050 02:01:18 GMT")]
    [InlineData("18 Aug 2050 02:01:18 GMT")]
    [InlineData("2050-08-18T02:01:18Z")]
    [InlineData("Sun Nov 06 08:49 1994")]
    public void TryParse_OfAnythingElse_IsNoDate(string? text) => Assert.False(HttpDate.TryParse(text, Now, out _));

    [Fact]
    public void Format_OfALocalTime_IsFixdateInGmt() =>
        Assert.Equal("Sun, 06 Nov 1994 08:49:37 GMT", HttpDate.Format(new DateTimeOffset(1994, 11, 6, 9, 49, 37, 999, TimeSpan.FromHours(1))));
}
