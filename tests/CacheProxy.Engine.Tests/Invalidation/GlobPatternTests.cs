using System.Diagnostics;
using CacheProxy.Engine.Invalidation;
using CsCheck;

namespace CacheProxy.Engine.Tests.Invalidation;

public sealed class GlobPatternTests
{
    private const string Alphabet = @"ab-]c[*?\^:";

    [Theory]
    [InlineData("*", "model:metrics:1", true)]
    [InlineData("model:metrics:*", "model:metrics:", true)]
    [InlineData("model:metrics:*", "model:metric", false)]
    [InlineData("model:?etrics:1", "model:metrics:1", true)]
    [InlineData("model:[a-m]etrics:1", "model:metrics:1", true)]
    [InlineData("model:[^a-m]etrics:1", "model:metrics:1", false)]
    [InlineData(@"a\*b", "a*b", true)]
    [InlineData(@"a\*b", "axb", false)]
    [InlineData("[abc", "b", true)]
    [InlineData("[]", "b", false)]
    [InlineData("[^]", "b", true)]
    [InlineData("a**b", "ab", true)]
    [InlineData(@"a\", @"a\", true)]
    [InlineData("[z-a]", "m", true)]
    public void IsMatch_Examples_AreAsInRedis(string pattern, string name, bool expected) =>
        Assert.Equal(expected, GlobPattern.Parse(pattern).IsMatch(name));

    [Fact]
    public void IsMatch_AnyPatternAndName_AgreesWithRedisAlgorithm() =>
        Gen.Select(Gen.String[Gen.Char[Alphabet], 0, 10], Gen.String[Gen.Char[Alphabet], 1, 10])
            .Sample((pattern, name) => GlobPattern.Parse(pattern).IsMatch(name) == ReferenceGlob.IsMatch(pattern, name), iter: 200_000);

    [Fact]
    public void IsMatch_ManyStars_StaysFast()
    {
        var pattern = GlobPattern.Parse(string.Concat(Enumerable.Repeat("a*", 64)) + "b");
        var name = new string('a', 512);
        pattern.IsMatch(name);
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < 100; i++) Assert.False(pattern.IsMatch(name));
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(1), $"100 matches took {Stopwatch.GetElapsedTime(started)}.");
    }

    [Theory]
    [InlineData("model:metrics:*", "model:metrics:")]
    [InlineData(@"a\*b?c", "a*b")]
    [InlineData("*a", "")]
    public void LiteralPrefix_OfPattern_IsWhatEveryMatchBeginsWith(string pattern, string prefix) =>
        Assert.Equal(prefix, GlobPattern.Parse(pattern).LiteralPrefix);
}
