using System.Text;
using CacheProxy.Engine.Http;
using static CacheProxy.Engine.Tests.Http.Messages;

namespace CacheProxy.Engine.Tests.Http;

/// <summary><c>Surrogate-Key</c>, <c>Cache-Tag</c>, RFC 9875.</summary>
public class CacheTagsTests
{
    [Fact]
    public void Read_OfAllThreeFields_IsASetInOrder()
    {
        var reading = CacheTags.Read(
            Response("Surrogate-Key: a  b", "Cache-Tag: c d , a", "Cache-Groups: \"g,1\", \"g*\";x=1", "Surrogate-Key: é"), 128);
        Assert.Equal(["a", "b", "é", "c d", "g,1", "g*"], reading.Tags.ToArray());
        Assert.True(reading.IsComplete);
    }

    [Theory]
    [InlineData("č€", "č€")]
    [InlineData("🂡,x", "🂡")]
    [InlineData("plain", "plain")]
    public void Read_OfUtf8_IsTheCharactersThatOneWouldPurge(string written, string expected) =>
        Assert.Equal(expected, CacheTags.Read(Response("Cache-Tag: " + Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(written))), 9).Tags[0]);

    [Fact]
    public void Read_OfBytesThatAreNoUtf8_IsLatin1() =>
        Assert.Equal(["caf\xe9", "č"], CacheTags.Read(Response("Surrogate-Key: caf\xe9 č"), 9).Tags.ToArray());

    [Theory]
    [InlineData(3, true)]
    [InlineData(2, false)]
    public void Read_OfMoreThanAllowed_SaysThatItIsNotComplete(int limit, bool complete) =>
        Assert.Equal(complete, CacheTags.Read(Response("Surrogate-Key: a b c a b c"), limit).IsComplete);

    [Fact]
    public void Read_OfATagThatIsTooLong_SaysThatItIsNotComplete()
    {
        Assert.True(CacheTags.Read(Response($"Cache-Tag: {new string('a', CacheTags.LongestTag)}"), 9).IsComplete);
        Assert.False(CacheTags.Read(Response($"Cache-Tag: {new string('a', CacheTags.LongestTag + 1)}"), 9).IsComplete);
    }

    [Theory]
    [InlineData("\"a\", \"b\"|\"c\"", "a b c")]
    [InlineData("a, b", "")]
    [InlineData("\"a\", b", "")]
    [InlineData("\"a", "")]
    public void GroupsOf_AField_AreStringsAlone(string lines, string expected) => Assert.Equal(expected, string.Join(' ', CacheTags.GroupsOf(Lines(lines))));

    [Theory]
    [InlineData("surrogate-key", true)]
    [InlineData("Cache-Tag", true)]
    [InlineData("Cache-Groups", false)]
    public void IsStripped_OfAField_IsOnlyForCaches(string name, bool expected) => Assert.Equal(expected, CacheTags.IsStripped(name));
}
