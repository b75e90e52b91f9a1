using CacheProxy.Engine.Http;

namespace CacheProxy.Engine.Tests.Http;

/// <summary>Header fields that never change: what is made of them is new, or shares with what was there.</summary>
public sealed class HeaderFieldsTests
{
    [Fact]
    public void With_SeveralChanges_ReplacesInPlaceAndAddsAtTheEndInOrder()
    {
        var fields = Messages.Response("A: 1", "etag: old", "B: 2");

        var changed = fields.With([new("C", "3"), new("ETag", "new"), new("D", "4")]);

        Assert.Equal(["A=1", "etag=new", "B=2", "C=3", "D=4"], Texts(changed));
        Assert.Equal(["A=1", "etag=old", "B=2"], Texts(fields));
    }

    [Fact]
    public void With_NoChanges_IsItself()
    {
        var fields = Messages.Response("A: 1");
        Assert.Same(fields, fields.With([]));
    }

    [Theory]
    [InlineData("", "A=1 B=2 C=3")]
    [InlineData("a", "B=2 C=3")]
    [InlineData("c", "A=1 B=2")]
    [InlineData("abc", "")]
    public void Without_TakesOutWhatTheConditionNames_InOrder(string removed, string left)
    {
        var fields = Messages.Response("A: 1", "B: 2", "C: 3");

        var kept = fields.Without(removed, static (name, removed) => removed.Contains(name, StringComparison.OrdinalIgnoreCase));

        Assert.Equal(left, string.Join(' ', Texts(kept)));
        Assert.Equal(removed.Length == 0, ReferenceEquals(fields, kept));
    }

    [Fact]
    public void Sharing_SaysTheSame_IsTheOther()
    {
        var other = Messages.Response("A: 1", "B: 2");
        Assert.Same(other, Messages.Response("A: 1", "B: 2").Sharing(other));
    }

    [Theory]
    [InlineData("A: 1|B: 3|C: 4")]
    [InlineData("A: 1")]
    [InlineData("B: 2|A: 1")]
    [InlineData("a: 1|b: 2")]
    [InlineData("A: 2|B: 3")]
    [InlineData("")]
    public void Sharing_SaysSomethingElse_SaysStillWhatItSaid(string lines)
    {
        var fields = Messages.Response(lines.Split('|', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(Texts(fields), Texts(fields.Sharing(Messages.Response("A: 1", "B: 2"))));
    }

    [Fact]
    public void Sharing_OneFieldIsTheSame_HasItsStringOfTheOther()
    {
        var other = Messages.Response("Date: " + new string('x', 9), "B: 2");
        var shared = Messages.Response("Date: " + new string('x', 9), "B: 3").Sharing(other);
        Assert.Same(other["Date"][0], shared["Date"][0]);
        Assert.Equal("3", shared["B"]);
    }

    private static string[] Texts(HeaderFields fields) => [.. fields.Select(static field => $"{field.Key}={field.Value}")];
}
