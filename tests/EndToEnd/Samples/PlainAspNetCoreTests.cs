using EndToEnd.Wire;
using Processes;

namespace EndToEnd.Samples;

/// <summary>The sample of a plain application, as its README uses it.</summary>
public sealed class PlainAspNetCoreTests
{
    private const string Json = "Content-Type: application/json";

    [Fact]
    public async Task Product_AskedTwiceThenChanged_IsAHitThenNew()
    {
        await using var sample = await SampleProcess.StartAsync("PlainAspNetCore");

        var first = await WireClient.AskAsync(sample.Url, "/products/7");
        var second = await WireClient.AskAsync(sample.Url, "/products/7");
        var other = await WireClient.AskAsync(sample.Url, "/products/8");
        var changed = await WireClient.AskAsync(sample.Url, "/products/7/price", Json, "PUT", """{"value":5}""");
        var third = await WireClient.AskAsync(sample.Url, "/products/7");
        var otherAgain = await WireClient.AskAsync(sample.Url, "/products/8");

        Assert.Equal(("MISS", "HIT", "MISS", "HIT"), (first["X-Cache"], second["X-Cache"], third["X-Cache"], otherAgain["X-Cache"]));
        Assert.Equal((200, 204), (other.Status, changed.Status));
        Assert.Equal(first.Text, second.Text);
        Assert.Contains("\"price\":5,", third.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_WithAndWithoutParametersThatCount_IsOneEntryPerPage()
    {
        await using var sample = await SampleProcess.StartAsync("PlainAspNetCore");

        await WireClient.AskAsync(sample.Url, "/products?page=2");
        var tracked = await WireClient.AskAsync(sample.Url, "/products?page=2&utm_source=mail");
        var next = await WireClient.AskAsync(sample.Url, "/products?page=3");
        var known = await WireClient.AskAsync(sample.Url, "/products?page=2", "Authorization: Bearer x");

        Assert.Equal(("HIT", "MISS", "BYPASS"), (tracked["X-Cache"], next["X-Cache"], known["X-Cache"]));
    }

    [RedisFact]
    public async Task Purge_OnOneReplica_IsTrueOnTheOtherWhenItIsAnswered()
    {
        await using var redis = await RedisServer.StartAsync();
        var settings = new Dictionary<string, string?> { ["ConnectionStrings__Redis"] = redis.Address };
        await using var one = await SampleProcess.StartAsync("PlainAspNetCore", settings);
        await using var two = await SampleProcess.StartAsync("PlainAspNetCore", settings);

        var first = await WireClient.AskAsync(one.Url, "/products/7");
        // Written to Redis after the client has its answer.
        await Poll.UntilAsync(async () => (await WireClient.AskAsync(two.Url, "/products/7")).Text == first.Text);
        var changed = await WireClient.AskAsync(one.Url, "/products/7/price", Json, "PUT", """{"value":5}""");
        var answers = new[] { await WireClient.AskAsync(two.Url, "/products/7"), await WireClient.AskAsync(one.Url, "/products/7") };

        Assert.Equal(204, changed.Status);
        Assert.All(answers, answer => Assert.NotEqual(first.Text, answer.Text));
    }
}
