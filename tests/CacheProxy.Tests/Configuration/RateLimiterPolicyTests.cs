using static CacheProxy.Tests.Configuration.RoutesText;

namespace CacheProxy.Tests.Configuration;

/// <summary><c>RateLimiter:Policies</c> as it is read.</summary>
public sealed class RateLimiterPolicyTests
{
    [Theory]
    [InlineData("""{ "FixedWindow": { "PermitLimit": 1, "Window": "100ms" } }""")]
    [InlineData("""{ "FixedWindow": { "PermitLimit": 1000000000, "Window": "1d", "QueueLimit": 10000, "QueueProcessingOrder": "newestFirst" }, "PartitionBy": "none" }""")]
    [InlineData("""{ "SlidingWindow": { "PermitLimit": 1, "Window": 10, "SegmentsPerWindow": 100 } }""")]
    [InlineData("""{ "TokenBucket": { "TokenLimit": 1, "TokensPerPeriod": 1, "ReplenishmentPeriod": "1s" }, "PartitionBy": "ClientAddress" }""")]
    [InlineData("""{ "Concurrency": { "PermitLimit": 1, "QueueLimit": 0 } }""")]
    public void Policy_WithinItsBounds_IsTaken(string policy) => Assert.Empty(Of(policy));

    [Theory]
    [InlineData("""{}""", "p: limits nothing: write one of FixedWindow, SlidingWindow, TokenBucket, Concurrency")]
    [InlineData("""{ "FixedWindow": { "PermitLimit": 1, "Window": "1m" }, "Concurrency": { "PermitLimit": 1 } }""", "p: has FixedWindow and Concurrency: write one of them")]
    [InlineData("""{ "FixedWindow": { "Window": "1m" } }""", "p.FixedWindow.PermitLimit: is missing")]
    [InlineData("""{ "FixedWindow": { "PermitLimit": 1 } }""", "p.FixedWindow.Window: is missing")]
    [InlineData("""{ "FixedWindow": { "PermitLimit": 0, "Window": "1m" } }""", "p.FixedWindow.PermitLimit: \"0\" is no whole number from 1")]
    [InlineData("""{ "FixedWindow": { "PermitLimit": 1, "Window": "99ms" } }""", "p.FixedWindow.Window: \"99ms\" is out of bounds")]
    [InlineData("""{ "FixedWindow": { "PermitLimit": 1, "Window": "25h" } }""", "p.FixedWindow.Window: \"25h\" is out of bounds")]
    [InlineData("""{ "FixedWindow": { "PermitLimit": 1, "Window": "60" } }""", "p.FixedWindow.Window: \"60\" is a number without a unit")]
    [InlineData("""{ "FixedWindow": { "PermitLimit": 1, "Window": "1m", "QueueLimit": 10001 } }""", "p.FixedWindow.QueueLimit: \"10001\" is no whole number from 0 to 10000")]
    [InlineData("""{ "FixedWindow": { "PermitLimit": 1, "Window": "1m", "QueueProcessingOrder": "Random" } }""", "p.FixedWindow.QueueProcessingOrder: \"Random\" is none of the choices")]
    [InlineData("""{ "FixedWindow": { "PermitLimit": 1, "Window": "1m", "SegmentsPerWindow": 2 } }""", "p.FixedWindow.SegmentsPerWindow: is unknown")]
    [InlineData("""{ "SlidingWindow": { "PermitLimit": 1, "Window": "1m" } }""", "p.SlidingWindow.SegmentsPerWindow: is missing")]
    [InlineData("""{ "SlidingWindow": { "PermitLimit": 1, "Window": "1m", "SegmentsPerWindow": 101 } }""", "p.SlidingWindow.SegmentsPerWindow: \"101\" is no whole number from 1 to 100")]
    [InlineData("""{ "SlidingWindow": { "PermitLimit": 1, "Window": "1s", "SegmentsPerWindow": 11 } }""", "p.SlidingWindow.SegmentsPerWindow: makes segments shorter than 100ms")]
    [InlineData("""{ "TokenBucket": { "TokensPerPeriod": 1, "ReplenishmentPeriod": "1s" } }""", "p.TokenBucket.TokenLimit: is missing")]
    [InlineData("""{ "TokenBucket": { "TokenLimit": 1, "ReplenishmentPeriod": "1s" } }""", "p.TokenBucket.TokensPerPeriod: is missing")]
    [InlineData("""{ "TokenBucket": { "TokenLimit": 1, "TokensPerPeriod": 1 } }""", "p.TokenBucket.ReplenishmentPeriod: is missing")]
    [InlineData("""{ "Concurrency": { "PermitLimit": 1 }, "PartitionBy": "Host" }""", "p.PartitionBy: \"Host\" is none of the choices: write ClientAddress, None")]
    [InlineData("""{ "Concurrency": { "PermitLimt": 1 } }""", "p.Concurrency.PermitLimt: is unknown: did you mean PermitLimit?")]
    public void Policy_Broken_IsNamedByPathValueAndRemedy(string policy, string expected) =>
        Assert.Contains(Of(policy), error => error.StartsWith("RateLimiter.Policies." + expected, StringComparison.Ordinal));

    [Theory]
    [InlineData("P", null)]
    [InlineData("Disable", null)]
    [InlineData("Default", "stands for a default that there is none of")]
    [InlineData("q", "is unknown")]
    public void Route_NamesOneOfThem(string name, string? expected)
    {
        var errors = Errors(With(
            routes: $$""" "r": { "ClusterId": "c", "RateLimiterPolicy": "{{name}}", "Match": { "Path": "/x" } }, """,
            top: """ "RateLimiter": { "Policies": { "p": { "Concurrency": { "PermitLimit": 1 } } } }, """));

        if (expected is null) Assert.Empty(errors);
        else Assert.StartsWith($"ReverseProxy.Routes.r.RateLimiterPolicy: \"{name}\" {expected}", Assert.Single(errors), StringComparison.Ordinal);
    }

    private static List<string> Of(string policy) => Errors(With(top: $$""" "RateLimiter": { "Policies": { "p": {{policy}} } }, """));
}
