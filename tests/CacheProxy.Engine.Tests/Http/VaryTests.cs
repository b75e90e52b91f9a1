using CacheProxy.Engine.Http;
using static CacheProxy.Engine.Tests.Http.Messages;

namespace CacheProxy.Engine.Tests.Http;

/// <summary>RFC 9110 §12.5.5, RFC 9111 §4.1.</summary>
public class VaryTests
{
    [Theory]
    [InlineData("Foo, BAR", "bar foo")]
    [InlineData("Accept-Encoding|x-tenant, X-Tenant", "accept-encoding x-tenant")]
    [InlineData(", ,", "")]
    [InlineData("Accept-Encoding, max-age=60", "accept-encoding max-age=60")]
    public void TryParse_OfNames_IsASet(string lines, string expected)
    {
        Assert.True(Vary.TryParse(Lines(lines), out var names));
        Assert.Equal(expected, string.Join(' ', names));
    }

    [Theory]
    [InlineData("*")]
    [InlineData("*, *")]
    [InlineData("*|*")]
    [InlineData(", *")]
    [InlineData("|*")]
    [InlineData("*, Foo")]
    [InlineData("Foo, *")]
    public void TryParse_WithAStarAnywhere_MatchesNothing(string lines) => Assert.False(Vary.TryParse(Lines(lines), out _));

    [Fact]
    public void TryParse_BeyondTheBound_MatchesNothing() =>
        Assert.False(Vary.TryParse(string.Join(',', Enumerable.Range(0, Vary.MaxNames + 1).Select(i => $"x{i}")), out _));

    [Theory]
    [InlineData("foo", "1, 2", "1|2", true)]
    [InlineData("foo", "1,2", " 1, 2 ", true)]
    [InlineData("foo", "1,,2", "1,2", true)]
    [InlineData("foo", "1, 2", "2, 1", false)]
    [InlineData("foo", "a", "A", false)]
    [InlineData("foo", "\"1, 2\"", "\"1,2\"", false)]
    [InlineData("foo", "12", "1 2", false)]
    [InlineData("cookie", "a=1, 2", "a=1,2", false)]
    [InlineData("authorization", "Basic a", "Basic  a", false)]
    [InlineData("accept-language", "en, de", "de, en", true)]
    [InlineData("accept-language", "en, de", "eN ,   De", true)]
    [InlineData("accept-language", "en, de;q=0.5", "de;q=0.500,en;q=1.0", true)]
    [InlineData("accept-language", "en, de;q=0.5", "de, en;q=0.5", false)]
    [InlineData("accept-encoding", "gzip, br", "br,gzip", true)]
    [InlineData("accept-encoding", "br,gzip,xxx,jdcqiab", "gzip, br", true)]
    [InlineData("accept-encoding", "br,gzip,xxx,jdcqiab", "gzip", false)]
    [InlineData("accept-encoding", "gzip|br", "gzip", false)]
    [InlineData("accept-encoding", "x-gzip", "GZIP;q=0.5", true)]
    [InlineData("accept-encoding", "gzip", "gzip, *", false)]
    [InlineData("accept-encoding", "gzip", "gzip, identity;q=0", false)]
    [InlineData("accept-encoding", "", "identity", true)]
    public void Normalize_OfTwoValues_IsEqualOnlyWhereTheyMeanTheSame(string name, string one, string other, bool equal) =>
        Assert.Equal(equal, Vary.Normalize(name, Lines(one)) == Vary.Normalize(name, Lines(other)));

    [Theory]
    [InlineData("foo")]
    [InlineData("cookie")]
    [InlineData("accept-encoding")]
    [InlineData("accept-language")]
    public void Normalize_OfAbsentAndEmpty_Differ(string name)
    {
        Assert.Equal("", Vary.Normalize(name, default));
        Assert.NotEqual("", Vary.Normalize(name, ""));
    }

    [Fact]
    public void Matches_OnAllNames_IsRequired()
    {
        Assert.True(Vary.TryParse("Foo, Bar, Baz", out var names));
        var stored = Vary.ValuesOf(names, Request("Foo: 1", "Baz: 789"));
        Assert.True(Vary.Matches(names, stored, Request("baz: 789", "FOO: 1", "Other: x")));
        Assert.False(Vary.Matches(names, stored, Request("Foo: 1", "Baz: 789", "Bar: ")));
        Assert.False(Vary.Matches(names, stored, Request("Foo: 1", "Baz: 7890")));
        Assert.False(Vary.Matches(names, stored, Request()));
    }

    [Theory]
    [InlineData("fr;q=0.5, de;q=1.0", "de", true)]
    [InlineData("DE", "de", true)]
    [InlineData("fr, de", "de", false)]
    [InlineData("fr;q=1.0, de;q=0.5", "de", false)]
    [InlineData("de", "de, en", false)]
    [InlineData("de;q=0", "de", false)]
    [InlineData("de-AT", "de", false)]
    public void Matches_OfTheOnePreferredLanguage_NeedsNoEqualField(string accept, string content, bool expected)
    {
        Assert.True(Vary.TryParse("Accept-Language", out var names));
        var stored = Vary.ValuesOf(names, Request("Accept-Language: en, de, it"));
        Assert.Equal(expected, Vary.Matches(names, stored, Request($"Accept-Language: {accept}"), Response($"Content-Language: {content}")));
        Assert.False(Vary.Matches(names, stored, Request($"Accept-Language: {accept}")));
    }
}
