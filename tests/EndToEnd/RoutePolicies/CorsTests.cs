using EndToEnd.Wire;
using Processes;

namespace EndToEnd.RoutePolicies;

/// <summary><c>Cors:Policies</c> before the cache: what it says is said to the one who asks, and is never stored.</summary>
public sealed class CorsTests(CorsTests.Rig rig) : IClassFixture<CorsTests.Rig>
{
    private const string One = "https://one.example", Two = "https://two.example", Stranger = "https://stranger.example";

    [Theory]
    [InlineData("cors-ttl", "")]
    [InlineData("cors-origin", "")]
    [InlineData("cors-get", "")]
    [InlineData("cors-plain", "Access-Control-Allow-Origin: https://backend.example\r\n")]
    public async Task Preflight_OfAnAllowedOrigin_IsAnsweredAndNotForwarded(string route, string backend)
    {
        var path = ProxyRig.Path(route);
        rig.Origin.On(path, (_, connection) => connection.AnswerAsync("backend", backend));

        for (var i = 0; i < 2; i++)
        {
            var reply = await PreflightAsync(path, One, "GET");
            Assert.Equal((204, One, "X-Wanted", "600"), (reply.Status, reply["Access-Control-Allow-Origin"], reply["Access-Control-Allow-Headers"], reply["Access-Control-Max-Age"]));
            Assert.Contains("Origin", reply["Vary"], StringComparison.Ordinal);
            Assert.Null(reply.Cache);
        }

        Assert.Equal(0, rig.Origin.Count(path));
        Assert.Equal("MISS", (await rig.GetAsync(route == "cors-plain" ? ProxyRig.Path("cors-ttl") : path)).Cache);
    }

    [Fact]
    public async Task Preflight_OfAStranger_PermitsNothingAndIsNotForwarded()
    {
        var path = ProxyRig.Path("cors-ttl");

        var reply = await PreflightAsync(path, Stranger, "PUT");

        Assert.Equal((204, 0), (reply.Status, rig.Origin.Count(path)));
        Assert.DoesNotContain(reply.Fields, static field => field.Name.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Preflight_OfARouteWithoutPolicy_IsTheBackendsToAnswer()
    {
        var path = ProxyRig.Path("plain");
        rig.Origin.On(path, static (_, connection) => connection.AnswerAsync("", "Access-Control-Allow-Origin: https://backend.example", "204 No Content"));

        Assert.Equal("https://backend.example", (await PreflightAsync(path, One, "PUT"))["Access-Control-Allow-Origin"]);
        Assert.Equal(1, rig.Origin.Count(path));
    }

    [Theory]
    [InlineData("cors-ttl")]
    [InlineData("cors-origin")]
    public async Task Hit_OfEveryOrigin_NamesTheOneThatAsks(string route)
    {
        var path = ProxyRig.Path(route);
        rig.Origin.On(path, static (_, connection) => connection.AnswerAsync("v", "Cache-Control: max-age=60\r\nETag: \"1\"\r\nVary: Accept-Language"));
        Assert.Equal(("MISS", One), await AskedByAsync(path, One));

        for (var round = 0; round < 2; round++)
        {
            Assert.Equal(("HIT", Two), await AskedByAsync(path, Two));
            Assert.Equal(("HIT", One), await AskedByAsync(path, One));
            Assert.Equal(("HIT", null), await AskedByAsync(path, Stranger));
        }
        var reply = await rig.GetAsync(path, $"Origin: {Two}\r\nIf-None-Match: \"1\"");
        Assert.Equal((304, Two, "HIT"), (reply.Status, reply["Access-Control-Allow-Origin"], reply.Cache));
        Assert.Equal("Accept-Language,Origin", reply["Vary"]!.Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal("Age", reply["Access-Control-Expose-Headers"]);
        Assert.Equal(1, rig.Origin.Count(path));
    }

    [Fact]
    public async Task Stored_AfterARequestOfAPage_HasNothingOfItsPermission()
    {
        const string Path = "/cors-key/one";
        await rig.GetAsync(Path, $"Origin: {One}");

        var stored = await WireClient.AskAsync(rig.Proxy.AdminUrl, "/_cache/entry?key=cors:one", $"Authorization: Bearer {ProxyProcess.OperatorToken()}");

        Assert.Equal(200, stored.Status);
        Assert.Contains("\"Content-Type\"", stored.Text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Access-Control-", stored.Text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(One, stored.Text, StringComparison.Ordinal);
        Assert.Equal(("HIT", Two), await AskedByAsync(Path, Two));
    }

    [Fact]
    public async Task Error_OfOurs_CanBeReadByThePage()
    {
        var path = ProxyRig.Path("cors-ttl");
        rig.Origin.On(path, static (_, connection) =>
        {
            connection.Reset();
            return Task.CompletedTask;
        });

        var reply = await rig.GetAsync(path, $"Origin: {One}");

        Assert.Equal((502, One), (reply.Status, reply["Access-Control-Allow-Origin"]));
    }

    [Fact]
    public async Task Credentials_SupportedByThePolicy_AreSaidToBe()
    {
        var reply = await PreflightAsync("/cors-user/x", "https://any.sub.example", "PUT");

        Assert.Equal((204, "https://any.sub.example", "true", "PUT"), (reply.Status, reply["Access-Control-Allow-Origin"], reply["Access-Control-Allow-Credentials"], reply["Access-Control-Allow-Methods"]));
        Assert.Null((await PreflightAsync("/cors-user/x", "https://sub.example.evil", "PUT"))["Access-Control-Allow-Origin"]);
    }

    [Fact]
    public async Task Reload_ChangesPoliciesAsAWhole_OrNotAtAll()
    {
        await using var origin = new ScriptedOrigin();
        var routes = RoutesText.Write(Text(origin.Url, One));
        await using var proxy = await ProxyProcess.StartAsync(new ProxySettings { RoutesPath = routes });
        Assert.Equal(("MISS", One), await AskedByAsync(proxy, "/cors-ttl/x", One));

        Rewrite(routes, Text(origin.Url, Two));
        await Poll.UntilAsync(async () => await AskedByAsync(proxy, "/cors-ttl/x", Two) == ("HIT", Two));
        Assert.Equal(("HIT", null), await AskedByAsync(proxy, "/cors-ttl/x", One));

        Rewrite(routes, Text(origin.Url, One).Replace("\"Origins\"", "\"Origin\"", StringComparison.Ordinal));
        await Poll.UntilAsync(() => proxy.Output.Contains("Cors.Policies.pages.Origin: is unknown: did you mean Origins?", StringComparison.Ordinal));
        Assert.Equal(0, await ProxyRig.MetricAsync(proxy, "cacheproxy_config_valid"));
        Assert.Equal(("HIT", Two), await AskedByAsync(proxy, "/cors-ttl/x", Two));
    }

    private static string Text(Uri origin, string allowed) => RoutesText.For(
        origin,
        morePolicies: """, "cors-key": { "Key": "cors:{id}", "Ttl": "60s" } """,
        moreRoutes: """
            ,
            "cors-ttl": { "ClusterId": "origin", "OutputCachePolicy": "ttl", "CorsPolicy": "pages", "Match": { "Path": "/cors-ttl/{**rest}" } },
            "cors-origin": { "ClusterId": "origin", "OutputCachePolicy": "origin", "CorsPolicy": "Pages", "Match": { "Path": "/cors-origin/{**rest}" } },
            "cors-get": { "ClusterId": "origin", "OutputCachePolicy": "ttl", "CorsPolicy": "pages", "Match": { "Path": "/cors-get/{**rest}", "Methods": [ "GET" ] } },
            "cors-plain": { "ClusterId": "origin", "CorsPolicy": "pages", "Match": { "Path": "/cors-plain/{**rest}" } },
            "cors-key": { "ClusterId": "origin", "OutputCachePolicy": "cors-key", "CorsPolicy": "pages", "Match": { "Path": "/cors-key/{id}" } },
            "cors-user": { "ClusterId": "origin", "CorsPolicy": "users", "Match": { "Path": "/cors-user/{**rest}" } }
            """,
        moreSections: $$"""
            ,
            "Cors": { "Policies": {
              "pages": { "Origins": [ "{{allowed}}", "https://other.example" ], "Headers": [ "X-Wanted" ], "ExposedHeaders": [ "Age" ], "PreflightMaxAge": "10m" },
              "users": { "Origins": [ "https://*.sub.example" ], "Methods": [ "PUT" ], "SupportsCredentials": true } } }
            """);

    // By renaming, as editors and orchestrators do it.
    private static void Rewrite(string path, string text)
    {
        File.WriteAllText(path + ".new", text);
        File.Move(path + ".new", path, overwrite: true);
    }

    private Task<WireReply> PreflightAsync(string target, string origin, string method) => WireClient.AskAsync(
        rig.Url, target, $"Origin: {origin}\r\nAccess-Control-Request-Method: {method}\r\nAccess-Control-Request-Headers: X-Wanted", "OPTIONS");

    private Task<(string? Cache, string? Allowed)> AskedByAsync(string target, string origin) => AskedByAsync(rig.Proxy, target, origin);

    private static async Task<(string? Cache, string? Allowed)> AskedByAsync(ProxyProcess proxy, string target, string origin)
    {
        var reply = await WireClient.AskAsync(proxy.Url, target, $"Origin: {origin}");
        return (reply.Cache, reply["Access-Control-Allow-Origin"]);
    }

    public sealed class Rig : ProxyRig
    {
        // The second origin comes from the environment, above the file.
        protected override IReadOnlyDictionary<string, string?> Settings { get; } = new Dictionary<string, string?> { ["Cors__Policies__pages__Origins__1"] = Two };

        protected override string Routes => Text(Origin.Url, One);
    }
}
