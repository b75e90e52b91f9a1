using System.Globalization;
using System.Text;
using EndToEnd.Faults;
using EndToEnd.Wire;
using Processes;
using StackExchange.Redis;

namespace EndToEnd.Cases;

/// <summary>Passwords with every character that some form of address separates by, users, databases and TLS (CASES 22).</summary>
public sealed class RedisLoginTests
{
    private const string Awkward = "a,b=c/d@e:f#g%h+i j";
    private const string Base64 = "q/83+w==";
    private const string Purge = """{"keys":["item:x"]}""";

    [RedisTheory]
    [InlineData("default", Awkward, "REDIS_URL", "redis://:{0}@{1}/2", 2)]
    [InlineData("default", Base64, "REDIS_URL", "redis://:{0}@{1}/2", 2)]
    [InlineData("worker", Awkward, "REDIS_URL", "redis://worker:{0}@{1}", 0)]
    [InlineData("worker", Base64, "ConnectionStrings__Redis", "{1},user=worker,password={2},defaultDatabase=3", 3)]
    [InlineData("worker", "a=b/d@e:f#g%h+i j", "ConnectionStrings__Redis", "{1},user=worker,password={2}", 0)]
    public async Task Login_OfEveryForm_IsUsedAndShownNowhere(string user, string password, string setting, string form, int database)
    {
        await using var redis = await ProtectedAsync(user, password);
        await using var origin = new ScriptedOrigin();
        await using var proxy = await StartAsync(origin, setting, string.Format(CultureInfo.InvariantCulture, form, Uri.EscapeDataString(password), redis.Address, password));

        await IsUsedAsync(proxy, redis.Address, user, password, database);
        await ShowsNothingOfAsync(proxy, password);
    }

    [RedisTheory]
    [InlineData("redis://:{0}@{1}", "wrong" + Awkward)]
    [InlineData("redis://nobody:{0}@{1}", Awkward)]
    [InlineData("redis://:{0}@{1}/99", Awkward)]
    public async Task Login_ThatRedisRefuses_IsToldAndShownNowhere(string form, string password)
    {
        await using var redis = await ProtectedAsync("default", Awkward);
        await using var origin = new ScriptedOrigin();
        await using var proxy = await StartAsync(origin, "REDIS_URL", string.Format(CultureInfo.InvariantCulture, form, Uri.EscapeDataString(password), redis.Address));

        Assert.Equal("/item/x 1", (await WireClient.AskAsync(proxy.Url, "/item/x")).Text);
        var refused = await PurgeAsync(proxy);
        Assert.Equal(503, refused.Status);
        await Poll.UntilAsync(() => proxy.Output.Contains("Redis", StringComparison.Ordinal), SharedRig.Limit, static () => "Nobody is told");
        await ShowsNothingOfAsync(proxy, password);
    }

    [RedisTheory]
    [InlineData("redis://:sec/ret@127.0.0.1:1")]
    [InlineData("redis://:secret@127.0.0.1:port")]
    [InlineData("127.0.0.1:1,password=sec,ret")]
    [InlineData("127.0.0.1:1,password=secret,nonsense=1")]
    public async Task Address_ThatCannotBeRead_EndsTheStartWithItsReason(string address)
    {
        await using var origin = new ScriptedOrigin();
        await using var proxy = await StartAsync(origin, "ConnectionStrings__Redis", address, waitUntilReady: false);
        await Poll.UntilAsync(() => proxy.HasExited, SharedRig.Limit, static () => "It started");
        Assert.Equal(1, proxy.ExitCode);
        await Poll.UntilAsync(() => proxy.Output.Contains("Redis", StringComparison.Ordinal), SharedRig.Limit, () => $"It does not say why: {proxy.Output}");
        Assert.DoesNotContain("sec", proxy.Output.Replace("second", "", StringComparison.OrdinalIgnoreCase), StringComparison.Ordinal);
    }

    [RedisFact]
    public async Task Tls_WithAnIssuerOfOurOwn_IsUsedAndWithoutItRefused()
    {
        var folder = Directory.CreateTempSubdirectory("cacheproxy-tls-").FullName;
        using var authority = new TestAuthority();
        File.WriteAllText($"{folder}/ca.crt", authority.Pem);
        authority.Issue(folder, "server");
        var port = BackendProcess.FreePort();
        await using var redis = await RedisServer.StartAsync(
            null, "--tls-port", port.ToString(CultureInfo.InvariantCulture), "--tls-cert-file", $"{folder}/server.crt", "--tls-key-file", $"{folder}/server.key",
            "--tls-ca-cert-file", $"{folder}/ca.crt", "--tls-auth-clients", "no");
        await ProtectAsync(redis, "worker", Awkward);
        await using var origin = new ScriptedOrigin();
        var address = string.Create(CultureInfo.InvariantCulture, $"rediss://worker:{Uri.EscapeDataString(Awkward)}@127.0.0.1:{port}/2");

        await using (var proxy = await StartAsync(origin, "REDIS_URL", address, issuer: $"{folder}/ca.crt"))
        {
            await IsUsedAsync(proxy, redis.Address, "worker", Awkward, 2);
            await ShowsNothingOfAsync(proxy, Awkward);
        }

        await using var trusting = await StartAsync(origin, "REDIS_URL", address);
        Assert.Equal(200, (await WireClient.AskAsync(trusting.Url, "/item/y")).Status);
        Assert.Equal(503, (await PurgeAsync(trusting)).Status);
        await ShowsNothingOfAsync(trusting, Awkward);
    }

    private static Task<ProxyProcess> StartAsync(ScriptedOrigin origin, string setting, string address, string? issuer = null, bool waitUntilReady = true) =>
        ProxyProcess.StartAsync(new ProxySettings
        {
            RoutesPath = RoutesText.Write(RoutesText.For(origin.Url)),
            Settings = new Dictionary<string, string?> { [setting] = address, ["Redis__Tls__Ca"] = issuer },
            WaitUntilReady = waitUntilReady,
        });

    private static async Task<RedisServer> ProtectedAsync(string user, string password)
    {
        var redis = await RedisServer.StartAsync();
        await ProtectAsync(redis, user, password);
        return redis;
    }

    private static async Task ProtectAsync(RedisServer redis, string user, string password)
    {
        await using var admin = await ConnectionMultiplexer.ConnectAsync($"{redis.Address},allowAdmin=true");
        var server = admin.GetServer(redis.Address);
        if (user == "default")
        {
            await server.ExecuteAsync("CONFIG", "SET", "requirepass", password);
            return;
        }
        await server.ExecuteAsync("ACL", "SETUSER", user, "on", ">" + password, "~*", "&*", "+@all");
        await server.ExecuteAsync("ACL", "SETUSER", "default", "off");
    }

    private static async Task IsUsedAsync(ProxyProcess proxy, string address, string user, string password, int database)
    {
        await SharedRig.HasLeaseAsync(proxy);
        await WireClient.AskAsync(proxy.Url, "/item/x");
        var options = ConfigurationOptions.Parse(address);
        (options.User, options.Password) = (user, password);
        await using var admin = await ConnectionMultiplexer.ConnectAsync(options);
        await Poll.UntilAsync(
            async () => await admin.GetDatabase(database).KeyExistsAsync("cacheproxy:__MSOCV_item:x"), SharedRig.Limit, () => $"Nothing stands in database {database}: {proxy.Output}");
        foreach (var other in Enumerable.Range(0, 4).Where(number => number != database)) Assert.False(await admin.GetDatabase(other).KeyExistsAsync("cacheproxy:__MSOCV_item:x"));
        Assert.Equal(200, (await PurgeAsync(proxy)).Status);
        Assert.Equal("/item/x 2", (await WireClient.AskAsync(proxy.Url, "/item/x")).Text);
    }

    private static Task<WireReply> PurgeAsync(ProxyProcess proxy) => WireClient.AskAsync(
        proxy.Url, "/_cache/invalidate", $"Content-Type: application/json\r\nAuthorization: Bearer {ProxyProcess.OperatorToken()}", "POST", Purge);

    /// <summary>Neither whole nor in the pieces that it falls into where somebody cuts at commas or colons.</summary>
    private static async Task ShowsNothingOfAsync(ProxyProcess proxy, string password)
    {
        var token = $"Authorization: Bearer {ProxyProcess.OperatorToken()}";
        var shown = new StringBuilder(proxy.Output);
        foreach (var target in new[] { "/metrics", "/healthz/ready", "/api/v1/models/cache/stats", "/_cache/entries", "/_cache/mode", "/_cache/explain?method=GET&url=/item/x" })
            shown.Append((await WireClient.AskAsync(proxy.AdminUrl, target, token)).Text);
        var text = shown.ToString();
        foreach (var piece in new[] { password, Uri.EscapeDataString(password), "d@e", "f#g", "h+i", Base64 }) Assert.DoesNotContain(piece, text, StringComparison.Ordinal);
    }
}
