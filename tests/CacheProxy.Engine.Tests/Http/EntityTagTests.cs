using CacheProxy.Engine.Http;
using static CacheProxy.Engine.Tests.Http.Messages;

namespace CacheProxy.Engine.Tests.Http;

/// <summary>RFC 9110 §8.8.3.</summary>
public class EntityTagTests
{
    [Theory]
    [InlineData("\"abc\"", "abc", false)]
    [InlineData("W/\"abc\"", "abc", true)]
    [InlineData("\"\"", "", false)]
    [InlineData("\"a,b\\\"", "a,b\\", false)]
    [InlineData("\"abcdef\u00fc\"", "abcdef\u00fc", false)]
    public void TryParse_OfATag_IsRead(string text, string opaque, bool weak)
    {
        Assert.True(EntityTag.TryParse(text, out var tag));
        Assert.Equal(new EntityTag(opaque, weak), tag);
        Assert.Equal(text, tag.ToString());
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("w/\"abc\"")]
    [InlineData("W\\\"abc\"")]
    [InlineData("W\"abc\"")]
    [InlineData("\"abc")]
    [InlineData("\"a b\"")]
    [InlineData("\"a\", \"b\"")]
    [InlineData("*")]
    [InlineData("")]
    public void TryParse_OfAnythingElse_IsNoTag(string text) => Assert.False(EntityTag.TryParse(text, out _));

    [Theory]
    [InlineData("\"a\", W/\"b\",\"c,d\"", 3)]
    [InlineData(",, \"a\" , ,", 1)]
    [InlineData("\"a\", b", 0)]
    [InlineData("\"a\" \"b\"", 0)]
    [InlineData("", 0)]
    public void ParseList_WithOneThatIsNone_IsEmpty(string list, int count) => Assert.Equal(count, Tags(list).Length);

    [Theory]
    [InlineData("\"1\"", "\"1\"", true, true)]
    [InlineData("W/\"1\"", "W/\"1\"", false, true)]
    [InlineData("W/\"1\"", "\"1\"", false, true)]
    [InlineData("W/\"1\"", "W/\"2\"", false, false)]
    [InlineData("\"a\"", "\"A\"", false, false)]
    public void Comparison_AsInTheTableOfTheRfc_Holds(string one, string other, bool strong, bool weak)
    {
        Assert.True(EntityTag.TryParse(one, out var a) & EntityTag.TryParse(other, out var b));
        Assert.Equal((strong, weak), (a.StrongEquals(b), a.WeakEquals(b)));
    }

    [Fact]
    public void WithSuffix_OfATag_GoesInsideTheQuotes() => Assert.Equal("W/\"x-gz\"", new EntityTag("x", true).WithSuffix("-gz").ToString());
}
