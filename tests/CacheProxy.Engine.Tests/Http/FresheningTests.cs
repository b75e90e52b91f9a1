using CacheProxy.Engine.Http;
using static CacheProxy.Engine.Tests.Http.Messages;

namespace CacheProxy.Engine.Tests.Http;

/// <summary>RFC 9111 §3.2, §4.3.1, §4.3.4, §4.3.5.</summary>
public class FresheningTests
{
    [Theory]
    [InlineData("Test-Header", "b")]
    [InlineData("X-Content-Foo", "b")]
    [InlineData("Cache-Control", "b")]
    [InlineData("Content-Type", "b")]
    [InlineData("Content-Location", "b")]
    [InlineData("ETag", "b")]
    [InlineData("Expires", "b")]
    [InlineData("Set-Cookie", "b")]
    [InlineData("Content-Length", "a")]
    [InlineData("Content-Encoding", "a")]
    [InlineData("Content-Range", "a")]
    public void Merge_OfAField_UpdatesAllButWhatDescribesTheContent(string name, string expected) =>
        Assert.Equal(expected, Freshening.Merge(Response($"{name}: a", "Keep: k"), Response($"{name}: b"))[name]);

    [Fact]
    public void Merge_OfAnUpdate_KeepsAddsAndLeavesTheStoredAlone()
    {
        var stored = Response("A: 1", "Age: 30", $"Date: {At(-30)}", "Content-Length: 5");
        var merged = Freshening.Merge(stored, Response("B: 2", "Connection: C", "C: 3", "Transfer-Encoding: chunked", "Content-Encoding: br"));
        Assert.Equal(["A", "Content-Length", "B"], merged.Select<KeyValuePair<string, Microsoft.Extensions.Primitives.StringValues>, string>(field => field.Key));
        Assert.Equal("30", stored["Age"]);
    }

    [Fact]
    public void Merge_WithADateAndAge_TakesThem()
    {
        var merged = Freshening.Merge(Response("Age: 30", $"Date: {At(-30)}"), Response("Age: 1", $"Date: {At(0)}"));
        Assert.Equal(("1", At(0)), (merged["Age"].ToString(), merged["Date"].ToString()));
    }

    [Theory]
    [InlineData("ETag: \"a\"", "ETag: \"a\"", true)]
    [InlineData("ETag: \"a\"", "ETag: W/\"a\"", true)]
    [InlineData("ETag: W/\"a\"", "ETag: \"a\"", false)]
    [InlineData("ETag: \"a\"", "ETag: \"b\"", false)]
    [InlineData("X: 1", "ETag: \"b\"", false)]
    [InlineData("ETag: \"a\"", "X: 1", true)]
    [InlineData("Last-Modified: Sun, 01 Mar 2026 11:00:00 GMT", "Last-Modified: Sunday, 01-Mar-26 11:00:00 GMT", true)]
    [InlineData("Last-Modified: Sun, 01 Mar 2026 11:00:00 GMT", "Last-Modified: Sun, 01 Mar 2026 11:00:01 GMT", false)]
    [InlineData("ETag: \"a\"", "Last-Modified: Sun, 01 Mar 2026 11:00:01 GMT", false)]
    public void Selects_OfA304_NeedsTheSameRepresentation(string stored, string notModified, bool expected) =>
        Assert.Equal(expected, Freshening.Selects(Response(stored), Response(notModified)));

    [Theory]
    [InlineData("ETag: W/\"a\"", "W/\"a\"", null)]
    [InlineData("ETag: a", null, null)]
    [InlineData("Last-Modified: Sun, 01 Mar 2026 11:00:00 GMT", null, "Sun, 01 Mar 2026 11:00:00 GMT")]
    [InlineData("Last-Modified: yesterday", null, null)]
    public void ValidatorsOf_AStoredResponse_AreThoseThatAreValid(string field, string? tag, string? modified)
    {
        var validators = Freshening.ValidatorsOf(Response(field));
        Assert.Equal(new(tag, modified), validators);
        Assert.Equal(tag is null && modified is null, validators.IsEmpty);
    }

    [Theory]
    [InlineData(200, "Content-Length: 5", HeadEffect.Freshens)]
    [InlineData(200, "X: 1", HeadEffect.Freshens)]
    [InlineData(200, "ETag: \"a\"", HeadEffect.Freshens)]
    [InlineData(200, "ETag: W/\"a\"", HeadEffect.Outdates)]
    [InlineData(200, "ETag: \"b\"", HeadEffect.Outdates)]
    [InlineData(200, "Content-Length: 6", HeadEffect.Outdates)]
    [InlineData(200, "Content-Length: x", HeadEffect.Outdates)]
    [InlineData(200, "Last-Modified: Sun, 01 Mar 2026 11:00:00 GMT", HeadEffect.Outdates)]
    [InlineData(200, "Content-Encoding: br", HeadEffect.None)]
    [InlineData(404, "X: 1", HeadEffect.None)]
    public void EffectOfHead_OnAStored200_IsDecided(int status, string head, HeadEffect expected) =>
        Assert.Equal(expected, Freshening.EffectOfHead(200, Response("ETag: \"a\""), 5, status, Response(head)));
}
