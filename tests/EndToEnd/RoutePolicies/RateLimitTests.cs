using System.Globalization;
using System.Text.Json;
using EndToEnd.Wire;
using Processes;

namespace EndToEnd.RoutePolicies;

/// <summary><c>RateLimiter:Policies</c> before the cache: hits count too, clients are told apart as the proxy knows them, and a reload gives nobody new permits.</summary>
public sealed class RateLimitTests(RateLimitTests.Rig rig) : IClassFixture<RateLimitTests.Rig>
{
    private static int s_clients;

    [Fact]
    public async Task Hits_BeyondTheLimit_AreRefusedWithAProblem()
    {
        var (path, client) = (ProxyRig.Path("three"), Client());
        var before = await rig.MetricAsync("cacheproxy_requests_total{policy=\"counted\",result=\"error\",code=\"4xx\"}");
        foreach (var expected in new[] { "MISS", "HIT", "HIT" }) Assert.Equal(expected, (await AskAsync(path, client)).Cache);

        var refused = await AskAsync(path, client);

        Assert.Equal((429, "application/problem+json", "no-store"), (refused.Status, refused["Content-Type"], refused["Cache-Control"]));
        Assert.InRange(int.Parse(refused["Retry-After"]!, CultureInfo.InvariantCulture), 1, 3_600);
        Assert.Equal("urn:cacheproxy:rate-limited", JsonDocument.Parse(refused.Text).RootElement.GetProperty("type").GetString());
        Assert.Equal(1, rig.Origin.Count(path));
        // A request is counted when its answer has been sent.
        await Poll.UntilAsync(async () => await rig.MetricAsync("cacheproxy_requests_total{policy=\"counted\",result=\"error\",code=\"4xx\"}") == before + 1, TimeSpan.FromSeconds(10), static () => "Not counted");
        Assert.Equal("HIT", (await AskAsync(path, Client())).Cache);
    }

    [Theory]
    [InlineData("203.0.113.7", "198.51.100.1, 203.0.113.7", true)]
    [InlineData("203.0.113.8", "203.0.113.8, 127.0.0.1", true)]
    [InlineData("203.0.113.9", "203.0.113.10", false)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [InlineData("2001:db8:1:3::1", "2001:db8:1:4::1", false)]
    [InlineData("::ffff:203.0.113.11", "203.0.113.11", true)]
    public async Task Clients_OneAfterTheTrustedHops_CountAsOne(string first, string second, bool same)
    {
        var path = ProxyRig.Path("three");
        for (var i = 0; i < 3; i++) Assert.Equal(200, (await AskAsync(path, first)).Status);

        Assert.Equal(same ? 429 : 200, (await AskAsync(path, second)).Status);
    }

    [Fact]
    public async Task Preflight_OfALimitedRoute_TakesNoPermit()
    {
        var (path, client) = (ProxyRig.Path("three"), Client());

        for (var i = 0; i < 5; i++)
            Assert.Equal(204, (await WireClient.AskAsync(rig.Url, path, $"X-Forwarded-For: {client}\r\nOrigin: https://one.example\r\nAccess-Control-Request-Method: GET", "OPTIONS")).Status);
        for (var i = 0; i < 3; i++) Assert.Equal(200, (await AskAsync(path, client)).Status);
        var refused = await WireClient.AskAsync(rig.Url, path, $"X-Forwarded-For: {client}\r\nOrigin: https://one.example");
        Assert.Equal((429, "https://one.example"), (refused.Status, refused["Access-Control-Allow-Origin"]));
    }

    [Fact]
    public async Task Everybody_UnderALimitWithoutPartitions_SharesIt()
    {
        var path = ProxyRig.Path("all");
        foreach (var expected in new[] { 200, 200, 429 }) Assert.Equal(expected, (await AskAsync(path, Client())).Status);
    }

    [Theory]
    [InlineData("window")]
    [InlineData("sliding")]
    [InlineData("bucket")]
    public async Task Limit_AfterItsTime_GivesPermitsAgain(string route)
    {
        var (path, client) = (ProxyRig.Path(route), Client());
        // Between two of them time may have passed: a refusal comes with one of a few.
        await Poll.UntilAsync(async () => (await AskAsync(path, client)).Status == 429);
        await Poll.UntilAsync(async () => (await AskAsync(path, client)).Status == 200);
    }

    [Fact]
    public async Task Concurrency_BeyondLimitAndQueue_IsRefusedAndTheQueueGoesOn()
    {
        var (path, client, gate) = (ProxyRig.Path("busy"), Client(), new Gate());
        rig.Origin.On(path, async (_, connection) =>
        {
            await gate.WaitAsync();
            await connection.AnswerAsync("done");
        });
        var underWay = Ask(2);
        await gate.ReachedAsync(2);

        // One of these waits, the others are refused.
        var more = Ask(3);
        await Poll.UntilAsync(() => more.Count(static ask => ask.IsCompleted) == 2);
        Assert.All(more.Where(static ask => ask.IsCompleted), static ask => Assert.Equal((429, "1"), (ask.Result.Status, ask.Result["Retry-After"])));
        Assert.Equal(2, rig.Origin.Count(path));

        gate.Open();
        Assert.All(await Task.WhenAll(underWay), static reply => Assert.Equal((200, "done"), (reply.Status, reply.Text)));
        Assert.Single(await Task.WhenAll(more), static reply => reply.Status == 200);

        List<Task<WireReply>> Ask(int count) => [.. Enumerable.Range(0, count).Select(_ => Task.Run(() => AskAsync(path, client)))];
    }

    [Fact]
    public async Task Reload_OfSomethingElse_GivesNobodyNewPermits()
    {
        await using var origin = new ScriptedOrigin();
        var routes = RoutesText.Write(Text(origin.Url, "60s", 3));
        await using var proxy = await ProxyProcess.StartAsync(new ProxySettings { RoutesPath = routes, Settings = Trusted });
        for (var i = 0; i < 3; i++) Assert.Equal(200, (await AskAsync(proxy, "/three/x", "203.0.113.1")).Status);
        var hash = await HashAsync(proxy);

        // The policy of the same route: it gets a new endpoint.
        Rewrite(routes, Text(origin.Url, "61s", 3));
        await Poll.UntilAsync(async () => await HashAsync(proxy) != hash);
        Assert.Equal(429, (await AskAsync(proxy, "/three/x", "203.0.113.1")).Status);

        Rewrite(routes, Text(origin.Url, "61s", 4));
        await Poll.UntilAsync(async () => (await AskAsync(proxy, "/three/x", "203.0.113.1")).Status == 200);
    }

    private static Dictionary<string, string?> Trusted => new() { ["ForwardedHeaders__KnownNetworks__0"] = "127.0.0.0/8" };

    private static string Text(Uri origin, string ttl, int permits) => RoutesText.For(
        origin,
        morePolicies: $$""", "counted": { "Ttl": "{{ttl}}" } """,
        moreRoutes: """
            ,
            "three": { "ClusterId": "origin", "OutputCachePolicy": "counted", "RateLimiterPolicy": "three", "CorsPolicy": "any", "Match": { "Path": "/three/{**rest}" } },
            "all": { "ClusterId": "origin", "RateLimiterPolicy": "All", "Match": { "Path": "/all/{**rest}" } },
            "window": { "ClusterId": "origin", "RateLimiterPolicy": "window", "Match": { "Path": "/window/{**rest}" } },
            "sliding": { "ClusterId": "origin", "RateLimiterPolicy": "sliding", "Match": { "Path": "/sliding/{**rest}" } },
            "bucket": { "ClusterId": "origin", "RateLimiterPolicy": "bucket", "Match": { "Path": "/bucket/{**rest}" } },
            "busy": { "ClusterId": "origin", "RateLimiterPolicy": "busy", "Match": { "Path": "/busy/{**rest}" } }
            """,
        moreSections: $$"""
            ,
            "Cors": { "Policies": { "any": { "Origins": [ "https://one.example", "https://two.example" ] } } },
            "RateLimiter": { "Policies": {
              "three": { "FixedWindow": { "PermitLimit": {{permits}}, "Window": "1h" } },
              "all": { "PartitionBy": "None", "FixedWindow": { "PermitLimit": 2, "Window": "1h" } },
              "window": { "FixedWindow": { "PermitLimit": 2, "Window": "1s" } },
              "sliding": { "SlidingWindow": { "PermitLimit": 2, "Window": "1s", "SegmentsPerWindow": 4 } },
              "bucket": { "TokenBucket": { "TokenLimit": 2, "TokensPerPeriod": 1, "ReplenishmentPeriod": 0.5 } },
              "busy": { "Concurrency": { "PermitLimit": 2, "QueueLimit": 1 } } } }
            """);

    private static string Client()
    {
        var number = Interlocked.Increment(ref s_clients);
        return string.Create(CultureInfo.InvariantCulture, $"192.0.2.{number}");
    }

    private static void Rewrite(string path, string text)
    {
        File.WriteAllText(path + ".new", text);
        File.Move(path + ".new", path, overwrite: true);
    }

    private static async Task<string> HashAsync(ProxyProcess proxy) =>
        (await WireClient.AskAsync(proxy.AdminUrl, "/metrics")).Text.Split('\n').Single(static line => line.StartsWith("cacheproxy_config_info{", StringComparison.Ordinal));

    private Task<WireReply> AskAsync(string target, string client) => AskAsync(rig.Proxy, target, client);

    private static Task<WireReply> AskAsync(ProxyProcess proxy, string target, string client) => WireClient.AskAsync(proxy.Url, target, $"X-Forwarded-For: {client}");

    public sealed class Rig : ProxyRig
    {
        protected override IReadOnlyDictionary<string, string?> Settings { get; } = Trusted;

        protected override string Routes => Text(Origin.Url, "60s", 3);
    }
}
