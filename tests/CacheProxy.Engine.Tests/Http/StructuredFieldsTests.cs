using CacheProxy.Engine.Http;
using static CacheProxy.Engine.Tests.Http.Messages;

namespace CacheProxy.Engine.Tests.Http;

/// <summary>RFC 9651 §4.2.</summary>
public class StructuredFieldsTests
{
    [Theory]
    [InlineData("a=1, b, c=?0;x=1;y, *k=tok/en:*")]
    [InlineData("a=(1 \"two\" three);q=1.5, b=()")]
    [InlineData("a=:aGVsbG8=:, b=:aGVsbG8:, c=::")]
    [InlineData("a=@1659578233, b=%\"f%c3%bc\"")]
    [InlineData("a=-999999999999999, b=123456789012.123, c=\"q\\\"\\\\\"")]
    [InlineData("a=1 \t,\t b=2")]
    [InlineData("  a=1  ")]
    [InlineData("a=1|b=2")]
    [InlineData("")]
    public void Dictionary_WellFormed_IsRead(string lines) => Assert.True(StructuredFields.TryParseDictionary(Lines(lines), out _));

    [Theory]
    [InlineData("A=1")]
    [InlineData("a=1,")]
    [InlineData(",a=1")]
    [InlineData("a=1,,b=2")]
    [InlineData("a=1 b=2")]
    [InlineData("a=")]
    [InlineData("a=1234567890123456")]
    [InlineData("a=1.")]
    [InlineData("a=1.2345")]
    [InlineData("a=1234567890123.1")]
    [InlineData("a=-")]
    [InlineData("a=\"x")]
    [InlineData("a=\"\\x\"")]
    [InlineData("a=\"\u00fc\"")]
    [InlineData("a=?2")]
    [InlineData("a=?")]
    [InlineData("a=:a*:")]
    [InlineData("a=:a:")]
    [InlineData("a=:aGVs")]
    [InlineData("a=(1 2")]
    [InlineData("a=(1\"2\")")]
    [InlineData("a=@1.5")]
    [InlineData("a=@")]
    [InlineData("a=%\"%C3%BC\"")]
    [InlineData("a=%\"%ff\"")]
    [InlineData("a=%\"%c\"")]
    [InlineData("a=%x")]
    [InlineData("a=1;")]
    [InlineData("a=1;X")]
    [InlineData("\ta=1")]
    public void Dictionary_WithAnyError_IsUnreadable(string lines)
    {
        Assert.False(StructuredFields.TryParseDictionary(Lines(lines), out var members));
        Assert.Empty(members);
    }

    [Fact]
    public void Dictionary_OfAKeyGivenTwice_TakesTheLast()
    {
        Assert.True(StructuredFields.TryParseDictionary("a=1, b=2, a=3", out var members));
        Assert.Equal([("a", 3L), ("b", 2L)], members.Select(member => (member.Key, member.Value.Number)));
    }

    [Fact]
    public void List_OfEveryType_KeepsTypesAndValues()
    {
        Assert.True(StructuredFields.TryParseList("1, 1.5, \"s\\\"\", t, :YQ==:, ?1, @5, %\"%e2%82%ac\", (a 2)", out var list));
        Assert.Equal(
            [
                StructuredType.Integer, StructuredType.Decimal, StructuredType.String, StructuredType.Token, StructuredType.Bytes,
                StructuredType.Boolean, StructuredType.Date, StructuredType.DisplayString, StructuredType.InnerList,
            ],
            list.Select(value => value.Type));
        Assert.Equal((1L, "s\"", 5L, "€", 2), (list[0].Number, list[2].Text, list[6].Number, list[7].Text, list[8].Items.Length));
    }

    [Theory]
    [InlineData("a,")]
    [InlineData("a b")]
    [InlineData("&")]
    public void List_WithAnyError_IsUnreadable(string line) => Assert.False(StructuredFields.TryParseList(line, out _));
}
