using CacheProxy.Engine.Http;
using static CacheProxy.Engine.Tests.Http.Messages;

namespace CacheProxy.Engine.Tests.Http;

/// <summary>RFC 9111 §4.2, §5.2.1, §5.4.</summary>
public class FreshnessTests
{
    public static TheoryData<string[], double, FreshnessSource> Lifetimes => new()
    {
        { ["Cache-Control: max-age=60"], 60, FreshnessSource.MaxAge },
        { ["Cache-Control: max-age=1, s-maxage=3600"], 3600, FreshnessSource.SharedMaxAge },
        { ["Cache-Control: max-age=3600, s-maxage=1"], 1, FreshnessSource.SharedMaxAge },
        { ["Cache-Control: max-age=0", $"Expires: {At(3600)}"], 0, FreshnessSource.MaxAge },
        { ["Cache-Control: max-age=60", "Expires: 0"], 60, FreshnessSource.MaxAge },
        { [$"Date: {At(0)}", $"Expires: {At(100)}"], 100, FreshnessSource.Expires },
        { [$"Date: {At(-10)}", $"Expires: {At(10)}"], 20, FreshnessSource.Expires },
        { ["Date: foo", $"Expires: {At(10)}"], 10, FreshnessSource.Expires },
        { [$"Expires: {At(10)}"], 10, FreshnessSource.Expires },
        { [$"Date: {At(400)}", $"Expires: {At(300)}"], 0, FreshnessSource.Expires },
        { [$"Date: {At(0)}", $"Expires: {At(0)}"], 0, FreshnessSource.Expires },
        { ["Expires: 0", $"Last-Modified: {At(-1000)}"], 0, FreshnessSource.Expires },
        { [$"Expires: {At(10)}", $"Expires: {At(20)}"], 0, FreshnessSource.Expires },
        { [$"Expires: {At(10)}", $"Expires: {At(10)}"], 10, FreshnessSource.Expires },
        { [$"Date: {At(0)}", $"Last-Modified: {At(-1000)}"], 100, FreshnessSource.Heuristic },
        { [$"Last-Modified: {At(-1000)}"], 100, FreshnessSource.Heuristic },
        { [$"Last-Modified: {At(-100 * 86400)}"], 86400, FreshnessSource.Heuristic },
        { [$"Last-Modified: {At(5)}"], 0, FreshnessSource.None },
        { [], 0, FreshnessSource.None },
        { ["CDN-Cache-Control: max-age=5", "Cache-Control: max-age=9"], 5, FreshnessSource.MaxAge },
        { ["CDN-Cache-Control: must-revalidate", $"Expires: {At(99)}"], 0, FreshnessSource.None },
    };

    [Theory]
    [MemberData(nameof(Lifetimes))]
    public void Of_AResponse_TakesTheFirstSource(string[] lines, double seconds, FreshnessSource source)
    {
        var response = Response(lines);
        var lifetime = Freshness.Of(200, response, TargetedCacheControl.Effective(response), Now);
        Assert.Equal(new(TimeSpan.FromSeconds(seconds), source), lifetime);
    }

    [Theory]
    [InlineData(200, true)]
    [InlineData(203, true)]
    [InlineData(204, true)]
    [InlineData(300, true)]
    [InlineData(301, true)]
    [InlineData(308, true)]
    [InlineData(404, true)]
    [InlineData(405, true)]
    [InlineData(410, true)]
    [InlineData(414, true)]
    [InlineData(501, true)]
    [InlineData(201, false)]
    [InlineData(202, false)]
    [InlineData(302, false)]
    [InlineData(307, false)]
    [InlineData(403, false)]
    [InlineData(500, false)]
    [InlineData(502, false)]
    [InlineData(503, false)]
    [InlineData(504, false)]
    [InlineData(599, false)]
    public void Of_AStatusWithoutExplicitFreshness_IsHeuristicOnlyWhereAllowed(int status, bool heuristic)
    {
        var response = Response($"Last-Modified: {At(-1000)}");
        Assert.Equal(heuristic, Freshness.Of(status, response, CacheControl.None, Now).Source == FreshnessSource.Heuristic);
        Assert.Equal(FreshnessSource.Heuristic, Freshness.Of(status, response, Directives("public"), Now).Source);
    }

    public static TheoryData<string[], double, double> Ages => new()
    {
        { [], 0, 0 },
        { ["Age: 30"], 0, 30 },
        { ["Age: 30"], 2, 32 },
        { [$"Date: {At(-7200)}"], 0, 7200 },
        { [$"Date: {At(-7200)}", "Age: 30"], 2, 7200 },
        { [$"Date: {At(60)}"], 1, 1 },
        { ["Age: abc"], 0, 0 },
        { ["Age: -7200"], 0, 0 },
        { ["Age: 7200.0"], 0, 0 },
        { ["Age: 7200;foo=bar"], 0, 0 },
        { ["Age: 7200, 0"], 0, 7200 },
        { ["Age: 0, 7200"], 0, 0 },
        { ["Age: 7200", "Age: 0"], 0, 7200 },
        { ["Age: 0", "Age: 7200"], 0, 0 },
        { ["Age: 2147483649"], 0, 2147483648 },
        { ["Age: 99999999999999999999"], 0, 2147483648 },
    };

    [Theory]
    [MemberData(nameof(Ages))]
    public void InitialAge_OfAResponse_IsCorrected(string[] lines, double delay, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Freshness.InitialAge(Response(lines), Now.AddSeconds(-delay), Now));

    [Theory]
    [InlineData("", "max-age=100", 99, true)]
    [InlineData("", "max-age=100", 100, false)]
    [InlineData("no-cache", "max-age=100", 0, false)]
    [InlineData("", "max-age=100, no-cache", 0, false)]
    [InlineData("max-age=0", "max-age=100", 1, false)]
    [InlineData("max-age=50", "max-age=100", 50, true)]
    [InlineData("max-age=50", "max-age=100", 51, false)]
    [InlineData("min-fresh=50", "max-age=100", 50, true)]
    [InlineData("min-fresh=50", "max-age=100", 51, false)]
    [InlineData("max-stale=10", "max-age=100", 110, true)]
    [InlineData("max-stale=10", "max-age=100", 111, false)]
    [InlineData("max-stale", "max-age=100", 1000000, true)]
    [InlineData("max-stale", "max-age=100, must-revalidate", 101, false)]
    [InlineData("max-stale", "max-age=100, proxy-revalidate", 101, false)]
    [InlineData("max-stale", "s-maxage=100", 101, false)]
    [InlineData("max-stale, max-age=50", "max-age=100", 101, false)]
    [InlineData("max-stale, min-fresh=1", "max-age=100", 101, false)]
    public void AllowsRequest_UnderBothSidesDirectives_IsDecided(string request, string response, double age, bool allowed) =>
        Assert.Equal(
            allowed,
            Freshness.AllowsRequest(Directives(request), Directives(response), TimeSpan.FromSeconds(age), TimeSpan.FromSeconds(100)));

    [Fact]
    public void OfRequest_WithPragma_CountsOnlyWithoutCacheControl()
    {
        Assert.True(Freshness.OfRequest(Request("Pragma: no-cache")).NoCache);
        Assert.False(Freshness.OfRequest(Request("Pragma: no-cache", "Cache-Control: max-age=5")).NoCache);
        Assert.False(Freshness.OfRequest(Request("Pragma: other")).NoCache);
    }

    [Fact]
    public void ForbidsStale_ByAPolicysWindow_OverridesSharedMaxAgeAlone()
    {
        Assert.True(Freshness.ForbidsStale(Directives("s-maxage=1")));
        Assert.False(Freshness.ForbidsStale(Directives("s-maxage=1"), byPolicy: true));
        Assert.True(Freshness.ForbidsStale(Directives("must-revalidate"), byPolicy: true));
    }
}
