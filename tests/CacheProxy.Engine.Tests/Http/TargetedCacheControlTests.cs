using CacheProxy.Engine.Http;
using static CacheProxy.Engine.Tests.Http.Messages;

namespace CacheProxy.Engine.Tests.Http;

/// <summary>RFC 9213.</summary>
public class TargetedCacheControlTests
{
    [Theory]
    [InlineData("max-age=3600", 3600)]
    [InlineData("foobar, max-age=3600", 3600)]
    [InlineData("max-age=99999999999", 2147483648)]
    [InlineData("max-age=3600;ext=1", 3600)]
    [InlineData("max-age=1|max-age=60", 60)]
    [InlineData("max-age=-5", 0)]
    public void MaxAge_OfAnInteger_Counts(string lines, long seconds)
    {
        var parsed = TargetedCacheControl.Parse(Lines(lines));
        Assert.NotNull(parsed);
        Assert.True(parsed.Targeted);
        Assert.Equal(TimeSpan.FromSeconds(seconds), parsed.MaxAge);
    }

    [Theory]
    [InlineData("")]
    [InlineData("max-age=10000, &&&&&")]
    [InlineData("max-age=\"10000\"")]
    [InlineData("max-age=1.5")]
    [InlineData("max-age")]
    [InlineData("MaX-aGe=3600")]
    [InlineData("max-age =100")]
    [InlineData("max-age= 100")]
    [InlineData("max-age=100,")]
    public void Field_EmptyOrInvalid_IsIgnored(string line)
    {
        Assert.Null(TargetedCacheControl.Parse(line));
        Assert.True(TargetedCacheControl.Effective(Response($"CDN-Cache-Control: {line}", "Cache-Control: no-store")).NoStore);
    }

    [Fact]
    public void Field_Valid_ReplacesCacheControl()
    {
        var effective = TargetedCacheControl.Effective(Response("CDN-Cache-Control: max-age=10", "Cache-Control: no-store, private"));
        Assert.False(effective.NoStore || effective.Private);
        Assert.Equal(TimeSpan.FromSeconds(10), effective.MaxAge);
    }

    [Fact]
    public void WrongType_BesideARestriction_KeepsTheRestriction()
    {
        var parsed = TargetedCacheControl.Parse("no-store, max-age=\"10\"");
        Assert.NotNull(parsed);
        Assert.True(parsed.NoStore);
        Assert.Equal(TimeSpan.Zero, parsed.MaxAge);
    }

    [Theory]
    [InlineData("private", true, 0)]
    [InlineData("private=?0, max-age=1", false, 0)]
    [InlineData("private=\"set-cookie, a\"", false, 2)]
    [InlineData("private=\"content-type\"", true, 0)]
    [InlineData("private=5", true, 0)]
    public void Private_InEveryForm_RestrictsWhereItMay(string line, bool whole, int fields)
    {
        var parsed = TargetedCacheControl.Parse(line);
        Assert.NotNull(parsed);
        Assert.Equal(whole, parsed.Private);
        Assert.Equal(fields, parsed.PrivateFields.Length);
    }

    [Theory]
    [InlineData("public", true)]
    [InlineData("public=?0, max-age=1", false)]
    [InlineData("public=1", false)]
    public void Public_OnlyWhenTrue_Permits(string line, bool expected) => Assert.Equal(expected, TargetedCacheControl.Parse(line)!.Public);
}
