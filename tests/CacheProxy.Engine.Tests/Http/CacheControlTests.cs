using CacheProxy.Engine.Http;
using static CacheProxy.Engine.Tests.Http.Messages;

namespace CacheProxy.Engine.Tests.Http;

/// <summary>RFC 9111 §5.2, §4.2.1; RFC 5861; RFC 8246.</summary>
public class CacheControlTests
{
    // What was read last is remembered, for all threads: it must answer for its own line only.
    [Fact]
    public void Parse_LinesInTurnOnManyThreads_ReadsEachAsItself() => Parallel.For(0, 20_000, static i =>
    {
        var age = i % 3;
        Assert.Equal(TimeSpan.FromSeconds(age), CacheControl.Parse(FormattableString.Invariant($"max-age={age}")).MaxAge);
    });

    [Theory]
    [InlineData("max-age=3600", 3600)]
    [InlineData("MaX-aGe=3600", 3600)]
    [InlineData("max-age=\"3600\"", 3600)]
    [InlineData("max-age=003600", 3600)]
    [InlineData("foobar, max-age=3600", 3600)]
    [InlineData(" ,, max-age=3600 ,", 3600)]
    [InlineData("max-age=2147483647", 2147483647)]
    [InlineData("max-age=2147483648", 2147483648)]
    [InlineData("max-age=2147483649", 2147483648)]
    [InlineData("max-age=99999999999999999999999999", 2147483648)]
    [InlineData("max-age=0", 0)]
    [InlineData("max-age=-1", 0)]
    [InlineData("max-age=", 0)]
    [InlineData("max-age", 0)]
    [InlineData("max-age='3600'", 0)]
    [InlineData("max-age=3600.0", 0)]
    [InlineData("max-age=3600a", 0)]
    [InlineData("max-age=a3600", 0)]
    [InlineData("max-age =3600", 0)]
    [InlineData("max-age= 3600", 0)]
    [InlineData("max-age=3600;x=1", 0)]
    [InlineData("max-age=٣", 0)]
    [InlineData("max-age=1800, max-age=1", 1)]
    [InlineData("max-age=1|max-age=1800", 1)]
    [InlineData("ext=\"max-age=3600\", max-age=1", 1)]
    [InlineData("max-age=1, ext=\"max-age=3600\"", 1)]
    [InlineData("ext=\"a\\\", max-age=3600\", max-age=1", 1)]
    [InlineData("ext=\"unclosed, max-age=3600", 0)]
    public void MaxAge_OfEveryForm_IsReadOrStale(string lines, long seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), CacheControl.Parse(Lines(lines)).MaxAge);

    [Theory]
    [InlineData("ext=\"max-age=3600\"")]
    [InlineData("xmax-age=3600")]
    [InlineData("")]
    public void MaxAge_InNoDirective_IsAbsent(string line) => Assert.Null(CacheControl.Parse(line).MaxAge);

    [Theory]
    [InlineData("No-StOrE")]
    [InlineData("max-age=1, no-store")]
    [InlineData("no-store=1")]
    [InlineData("ext=\"unclosed, no-store")]
    [InlineData("max-age=1|no-store")]
    [InlineData("no-store ")]
    public void NoStore_WhateverIsAroundIt_Counts(string lines) => Assert.True(CacheControl.Parse(Lines(lines)).NoStore);

    [Theory]
    [InlineData("public", true)]
    [InlineData("public=x", false)]
    [InlineData("ext=\"unclosed, public", false)]
    [InlineData("ext=\"public\"", false)]
    public void Public_WithWhatItMayNotHave_GivesNoPermission(string line, bool expected) =>
        Assert.Equal(expected, CacheControl.Parse(line).Public);

    [Theory]
    [InlineData("no-cache", true, "")]
    [InlineData("no-cache=\"a\"", false, "a")]
    [InlineData("no-cache=\"A, b\"", false, "a b")]
    [InlineData("no-cache=a", false, "a")]
    [InlineData("no-cache=\"\"", true, "")]
    [InlineData("no-cache=\"a\", no-cache", true, "a")]
    [InlineData("no-cache=\"Content-Encoding\"", true, "")]
    [InlineData("no-cache=\"a b\"", true, "")]
    public void NoCache_WithFieldNames_IsAboutTheFields(string line, bool whole, string fields)
    {
        var parsed = CacheControl.Parse(line);
        Assert.Equal(whole, parsed.NoCache);
        Assert.Equal(fields, string.Join(' ', parsed.NoCacheFields));
    }

    [Fact]
    public void Private_WithFieldNames_ExcludesThemAlone()
    {
        var parsed = CacheControl.Parse("private=\"Set-Cookie\", max-age=5");
        Assert.False(parsed.Private);
        Assert.True(parsed.Excludes("set-cookie"));
        Assert.False(parsed.Excludes("X-Other"));
    }

    [Fact]
    public void FieldNames_BeyondTheBound_WithholdTheWhole() =>
        Assert.True(CacheControl.Parse($"private=\"{string.Join(',', Enumerable.Range(0, 65).Select(i => $"a{i}"))}\"").Private);

    [Theory]
    [InlineData("max-stale", long.MaxValue)]
    [InlineData("max-stale=10", 10 * TimeSpan.TicksPerSecond)]
    [InlineData("max-stale=10, max-stale", 10 * TimeSpan.TicksPerSecond)]
    [InlineData("max-stale=x", null)]
    public void MaxStale_WithoutArgument_IsUnlimited(string line, long? ticks) => Assert.Equal(ticks, CacheControl.Parse(line).MaxStale?.Ticks);

    [Fact]
    public void MinFresh_GivenTwice_IsTheLarger() =>
        Assert.Equal(TimeSpan.FromSeconds(9), CacheControl.Parse("min-fresh=3, min-fresh=9, min-fresh=x").MinFresh);

    [Fact]
    public void Parse_OfAllDirectives_FindsEach()
    {
        var parsed = CacheControl.Parse(
            "s-maxage=1, stale-while-revalidate=2, stale-if-error=3, must-revalidate, proxy-revalidate, must-understand, no-transform, immutable, only-if-cached, private");
        Assert.Equal(
            (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3)),
            (parsed.SharedMaxAge, parsed.StaleWhileRevalidate, parsed.StaleIfError));
        Assert.True(parsed.MustRevalidate && parsed.ProxyRevalidate && parsed.MustUnderstand && parsed.NoTransform);
        Assert.True(parsed.Immutable && parsed.OnlyIfCached && parsed.Private && !parsed.Public && !parsed.NoCache);
    }

    [Fact]
    public void Parse_OfUnclosedQuotes_IsLinear()
    {
        var line = string.Concat(Enumerable.Repeat("\"\\", 500_000));
        Assert.False(CacheControl.Parse(line).NoStore);
    }
}
