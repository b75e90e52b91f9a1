using System.Globalization;
using EndToEnd.Wire;
using Processes;

namespace EndToEnd.Cases;

/// <summary>Credentials under the origin's lifetimes, purges by target, many names at once, and what clients do that is no fault of ours (CASES 19, 20, 21, 25).</summary>
public sealed class VisibilityTests(VisibilityTests.Rig rig) : IClassFixture<VisibilityTests.Rig>
{
    [Theory]
    [InlineData("max-age=60", "Authorization", 3)]
    [InlineData("max-age=60", "X-Api-Key", 3)]
    [InlineData("s-maxage=60", "Authorization", 1)]
    [InlineData("public, max-age=60", "Authorization", 1)]
    [InlineData("must-revalidate, max-age=60", "Authorization", 1)]
    public async Task Credentials_UnderTheOriginsLifetimes_AreSharedOnlyByItsWord(string control, string name, int requests)
    {
        var path = ProxyRig.Path("origin");
        rig.Origin.On(path, (request, connection) => connection.AnswerAsync($"for {request[name] ?? "nobody"}", $"Cache-Control: {control}"));

        var (a, b, none) = (await rig.GetAsync(path, $"{name}: A"), await rig.GetAsync(path, $"{name}: B"), await rig.GetAsync(path));

        Assert.Equal(requests, rig.Origin.Count(path));
        if (requests == 3) Assert.Equal(["for A", "for B", "for nobody"], [a.Text, b.Text, none.Text]);
    }

    [Theory]
    [InlineData("origin", "max-age=60")]
    [InlineData("ttl", "max-age=60")]
    [InlineData("origin", "private")]
    public async Task Callers_AtTheSameInstant_NeverHaveEachOthersAnswer(string route, string control)
    {
        var path = ProxyRig.Path(route);
        rig.Origin.On(path, (request, connection) => connection.AnswerAsync(request["Authorization"] ?? "nobody", $"Cache-Control: {control}"));
        var replies = await ProxyRig.AllAsync(60, async i =>
        {
            var who = string.Create(CultureInfo.InvariantCulture, $"user{i % 20}");
            return (who, (await rig.GetAsync(path, $"Authorization: {who}")).Text);
        });
        Assert.All(replies, static reply => Assert.Equal(reply.who, reply.Text));
    }

    [Fact]
    public async Task Purge_OfATarget_TakesEveryVariantOfItAndNothingElse()
    {
        var (path, other) = (ProxyRig.Path("origin"), ProxyRig.Path("origin"));
        rig.Origin.On("/origin/", static (request, connection) => connection.AnswerAsync(request["Accept-Language"] ?? "", "Cache-Control: max-age=60\r\nVary: Accept-Language"));
        foreach (var language in new[] { "de", "en", "fr" }) await rig.GetAsync(path, $"Accept-Language: {language}");
        await rig.GetAsync(other);

        var first = await PurgeAsync(path);
        var second = await PurgeAsync(path);

        Assert.Equal((200, 200), (first.Status, second.Status));
        // The sweeper may have been faster than the count with some of the three.
        Assert.Matches("\"matched\":[0-3]\\D", first.Text.Replace(" ", "", StringComparison.Ordinal));
        Assert.Contains("\"matched\":0", second.Text.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        foreach (var language in new[] { "de", "en", "fr" }) Assert.Equal("MISS", (await rig.GetAsync(path, $"Accept-Language: {language}")).Cache);
        Assert.Equal("HIT", (await rig.GetAsync(other)).Cache);
    }

    [Fact]
    public async Task Names_TooMany_AreRefusedWholeAndNotStored()
    {
        var path = ProxyRig.Path("ttl");
        await rig.GetAsync(path);
        var keys = string.Join(',', Enumerable.Range(0, 20_000).Select(static i => string.Create(CultureInfo.InvariantCulture, $"\"k{i}\"")));
        var refused = await WireClient.AskAsync(rig.Url, "/_cache/invalidate", Operator, "POST", $$"""{"keys":[{{keys}}],"patterns":["*"]}""");
        Assert.True(refused.Status is 400 or 413, refused.Head);
        Assert.Equal("HIT", (await rig.GetAsync(path)).Cache);

        var tagged = ProxyRig.Path("ttl");
        var tags = string.Join(' ', Enumerable.Range(0, 3_000).Select(static i => string.Create(CultureInfo.InvariantCulture, $"tag-number-{i}")));
        rig.Origin.On(tagged, (_, connection) => connection.AnswerAsync("v", $"Surrogate-Key: {tags}"));
        for (var i = 0; i < 2; i++)
        {
            var reply = await rig.GetAsync(tagged);
            Assert.Equal((200, "MISS", null), (reply.Status, reply.Cache, reply["Surrogate-Key"]));
        }
        Assert.True(await rig.MetricAsync("cacheproxy_not_stored_total{policy=\"ttl\",reason=\"too-many-tags\"}") >= 1);
    }

    [Fact]
    public async Task Clients_ThatLeaveOrSendRubbish_ShowInNoLogAndInNoErrorRate()
    {
        var (hit, miss) = (ProxyRig.Path("ttl"), ProxyRig.Path("ttl"));
        rig.Origin.On(hit, static (_, connection) => connection.AnswerAsync(new string('x', 500_000)));
        rig.Origin.On(miss, static (_, connection) => connection.AnswerAsync(new string('x', 500_000), "Cache-Control: no-store"));
        await rig.GetAsync(hit);
        var before = await rig.MetricAsync("cacheproxy_requests_total{policy=\"ttl\",result=\"error\"");
        var printed = rig.Proxy.Output;

        await ProxyRig.AllAsync(400, async i =>
        {
            await using var client = await WireClient.ConnectAsync(rig.Url);
            await client.SendAsync((i % 6) switch
            {
                0 => "GET ",
                1 => WireClient.Request(rig.Url, hit),
                2 => WireClient.Request(rig.Url, miss),
                3 => $"POST /plain/x HTTP/1.1\r\nHost: {rig.Url.Authority}\r\nContent-Length: 1000\r\n\r\nhalf",
                4 => $"POST /json/x HTTP/1.1\r\nHost: {rig.Url.Authority}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{",
                _ => "\x01\x02 rubbish / HTTP/9.9\r\n\r\n",
            });
            if (i % 6 is 1 or 2) await client.ReadHeadAndAsync(1_000);
            if (i % 6 != 5) client.Abort();
            else Assert.True((await client.ReadAsync()).Status is 400 or 505 or 0);
            return 0;
        });
        await Poll.UntilAsync(async () => await rig.MetricAsync("cacheproxy_fills_in_flight") == 0, TimeSpan.FromSeconds(30), static () => "Fills are left over");

        Assert.Equal("", rig.Proxy.Output[printed.Length..]);
        Assert.Equal(before, await rig.MetricAsync("cacheproxy_requests_total{policy=\"ttl\",result=\"error\""));
        Assert.Equal(200, (await rig.GetAsync(hit)).Status);
    }

    private static string Operator => $"Content-Type: application/json\r\nAuthorization: Bearer {ProxyProcess.OperatorToken()}";

    private Task<WireReply> PurgeAsync(string target) => WireClient.AskAsync(rig.Url, target, $"Authorization: Bearer {ProxyProcess.OperatorToken()}", "PURGE");

    public sealed class Rig : ProxyRig;
}
