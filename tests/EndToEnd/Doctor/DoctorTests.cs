using System.Globalization;
using System.Text.Json;
using EndToEnd.Faults;
using EndToEnd.Wire;
using Processes;
using StackExchange.Redis;

namespace EndToEnd.Doctor;

/// <summary><c>CacheProxy doctor</c> against Redis servers and backends that have each defect, and against sound ones.</summary>
public sealed class DoctorTests
{
    private const string Cached = "/ttl/x";
    private static readonly string[] s_sound = ["--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"];

    [RedisFact]
    public async Task Sound_RedisInUseAndBackend_GivesNoFindingAndExitsZero()
    {
        await using var origin = new ScriptedOrigin();
        await using var redis = await RedisServer.StartAsync(null, s_sound);
        // Names of ours of every kind: entries, locks, sums, housekeeping, the log.
        await using (var proxy = await ProxyProcess.StartAsync(new ProxySettings { RoutesPath = RoutesText.Write(RoutesText.For(origin.Url)), Redis = redis.Address }))
        {
            await SharedRig.HasLeaseAsync(proxy);
            await WireClient.AskAsync(proxy.Url, "/item/x");
            await WireClient.AskAsync(proxy.Url, "/_cache/invalidate", $"Content-Type: application/json\r\nAuthorization: Bearer {ProxyProcess.OperatorToken()}", "POST", """{"patterns":["none:*"]}""");
            await using var admin = await ConnectionMultiplexer.ConnectAsync(redis.Address);
            await Poll.UntilAsync(async () => await admin.GetDatabase().KeyExistsAsync("cacheproxy:stats") && await admin.GetDatabase().KeyExistsAsync("cacheproxy:__MSOCV_item:x"));
        }

        var (exit, output) = await RunAsync(origin, redis.Address, Cached);

        Assert.StartsWith("Nothing is wrong (Redis ", output, StringComparison.Ordinal);
        Assert.Equal(0, exit);
    }

    [RedisTheory]
    [InlineData("redis-policy", "maxmemory-policy is noeviction", "CONFIG SET maxmemory-policy allkeys-lru", "--maxmemory", "64mb", "--maxmemory-policy", "noeviction")]
    [InlineData("redis-policy", "Redis has no maxmemory", "CONFIG SET maxmemory 256mb", "--maxmemory", "0")]
    [InlineData("redis-min-replicas", "min-replicas-to-write is set, and no standby keeps up", "Attach a standby", "--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru", "--min-replicas-to-write", "1")]
    public async Task Redis_SetUpWrongly_IsNamedWithItsRemedy(string check, string problem, string remedy, params string[] arguments)
    {
        await using var origin = new ScriptedOrigin();
        await using var redis = await RedisServer.StartAsync(null, arguments);

        await IsFoundAsync(origin, redis.Address, check, problem, remedy);
    }

    [RedisFact]
    public async Task Rights_ThatOurUserLacks_AreNamedWithTheLineThatGrantsThem()
    {
        await using var origin = new ScriptedOrigin();
        await using var redis = await RedisServer.StartAsync(null, s_sound);
        await using var admin = await ConnectionMultiplexer.ConnectAsync($"{redis.Address},allowAdmin=true");
        var server = admin.GetServer(redis.Address);
        await server.ExecuteAsync("ACL", "SETUSER", "worker", "on", ">secret", "~*", "&*", "+@all", "-publish", "-zadd");

        var (_, output) = await IsFoundAsync(origin, $"{redis.Address},user=worker,password=secret", "redis-rights", "may not use PUBLISH, ZADD", "Grant it with: ACL SETUSER cacheproxy on >password");
        Assert.DoesNotContain("secret", output, StringComparison.Ordinal);

        await server.ExecuteAsync("ACL", "SETUSER", "worker", "+@all", "-@scripting");
        await IsFoundAsync(origin, $"{redis.Address},user=worker,password=secret", "redis-rights", "may not use EVAL, EVALSHA", "Grant it with: ACL SETUSER");

        // What the line grants is enough, for the doctor as for the proxy.
        var line = output[output.IndexOf("ACL SETUSER cacheproxy", StringComparison.Ordinal)..].Split('\n')[0];
        await server.ExecuteAsync("ACL", [.. line.Split(' ').Skip(1).Cast<object>()]);
        Assert.Equal(0, (await RunAsync(origin, $"{redis.Address},user=cacheproxy,password=password", Cached)).Exit);
    }

    [RedisFact]
    public async Task Standbys_NotSaidOrNotProtected_AreNamed()
    {
        await using var origin = new ScriptedOrigin();
        await using var redis = await RedisServer.StartAsync(null, s_sound);
        await IsFoundAsync(origin, redis.Address, "redis-standbys", "Consistency:Standbys is 1, and 0 are attached", "Attach the standbys again", ("Consistency__Standbys", "1"));
        await using var standby = await RedisServer.StartAsync(null, "--replicaof", "127.0.0.1", redis.Port.ToString(CultureInfo.InvariantCulture));
        await using var admin = await ConnectionMultiplexer.ConnectAsync($"{redis.Address},allowAdmin=true");
        var server = admin.GetServer(redis.Address);
        await Poll.UntilAsync(async () => (await server.InfoRawAsync("replication"))!.Contains("state=online", StringComparison.Ordinal));
        await IsFoundAsync(origin, redis.Address, "redis-backlog", "repl-backlog-ttl is 3600", "CONFIG SET repl-backlog-ttl 0", ("Consistency__Standbys", "0"));
        await server.ConfigSetAsync("repl-backlog-ttl", "0");

        await IsFoundAsync(origin, redis.Address, "redis-standbys", "Redis has 1 standby(s), and nobody has said how many may be promoted", "Set Consistency:Standbys");
        await IsFoundAsync(origin, redis.Address, "redis-min-replicas", "min-replicas-to-write is 0", "CONFIG SET min-replicas-to-write 1", ("Consistency__Standbys", "1"));
        await server.ConfigSetAsync("min-replicas-to-write", "1");
        Assert.Equal(0, (await RunAsync(origin, redis.Address, Cached, ("Consistency__Standbys", "1"))).Exit);
    }

    [RedisFact]
    public async Task Prefix_ThatAnotherProgramUses_IsNamed()
    {
        await using var origin = new ScriptedOrigin();
        await using var redis = await RedisServer.StartAsync(null, s_sound);
        await using var admin = await ConnectionMultiplexer.ConnectAsync(redis.Address);
        await admin.GetDatabase().StringSetAsync("other:session:1", "x");
        Assert.Equal(0, (await RunAsync(origin, redis.Address, Cached)).Exit);

        await admin.GetDatabase().StringSetAsync("cacheproxy:session:1", "x");

        await IsFoundAsync(origin, redis.Address, "redis-prefix", "'cacheproxy:session:1' is a name under cacheproxy: that is none of ours", "Redis:InstanceName");
    }

    [Fact]
    public async Task Redis_ThatDoesNotAnswer_IsNamedWithoutItsPassword()
    {
        await using var origin = new ScriptedOrigin();

        var (_, output) = await IsFoundAsync(origin, "127.0.0.1:1,password=hunter2", "redis", "does not answer as our user", "Start it, or correct ConnectionStrings:Redis");

        Assert.DoesNotContain("hunter2", output, StringComparison.Ordinal);
    }

    [ClockTheory]
    [InlineData(60, "behind")]
    [InlineData(-60, "ahead of")]
    public async Task Clock_ThatIsOff_IsNamedForRedisAndBackend(int seconds, string direction)
    {
        await using var origin = new ScriptedOrigin();
        origin.On("/", (_, connection) => connection.AnswerAsync("v", $"Date: {TimeProvider.System.GetUtcNow():R}"));
        await using var redis = await RedisServer.StartAsync(null, s_sound);
        var clock = new FakeClock();
        clock.Move(TimeSpan.FromSeconds(seconds));

        var (exit, output) = await RunAsync(origin, redis.Address, Cached, [.. clock.Settings.Select(static setting => (setting.Key, setting.Value))]);

        Assert.Equal(1, exit);
        var lines = output.TrimEnd().Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.Matches($"^clock: the clock of Redis is (59|60|61)[0-9.]* s {direction} ours.*NTP", lines[0]);
        Assert.Matches($"^clock: the clock of {origin.Url.ToString().TrimEnd('/')} is (59|60|61)[0-9.]* s {direction} ours.*NTP", lines[1]);
    }

    [Theory]
    [InlineData("double-caching", "with Age: 7", "Point the cluster's Address at the backend itself", "Age: 7")]
    [InlineData("double-caching", "with X-Cache: Hit from somewhere", "Point the cluster's Address", "X-Cache: Hit from somewhere")]
    [InlineData("double-caching", "with Cache-Status: other; hit", "take the other cache out", "Cache-Status: other; hit")]
    [InlineData("cookies", "with Set-Cookie (session): it is never stored", "ResponseHeaderRemove", "Set-Cookie: session=secret")]
    [InlineData("cookies", "with Vary: Cookie", "without looking at cookies", "Vary: Accept, Cookie")]
    [InlineData("clock", "s behind ours", "NTP", "Date: Sat, 01 Feb 2020 10:00:00 GMT")]
    public async Task Backend_WithADefect_IsNamedWithItsRemedy(string check, string problem, string remedy, string fields)
    {
        await using var origin = new ScriptedOrigin();
        origin.On(Cached, (_, connection) => connection.AnswerAsync("v", fields));

        var (_, output) = await IsFoundAsync(origin, null, check, problem, remedy);
        Assert.DoesNotContain("secret", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("Vary: Origin", false)]
    [InlineData("Vary: *", false)]
    public async Task Backend_ThatRepeatsTheOrigin_MustSaySo(string vary, bool found)
    {
        await using var origin = new ScriptedOrigin();
        origin.On(Cached, (request, connection) => connection.AnswerAsync("v", $"Access-Control-Allow-Origin: {request["Origin"] ?? "https://default.example"}\r\n{vary}"));

        if (found) await IsFoundAsync(origin, null, "cors", "with Access-Control-Allow-Origin by who asks (https://doctor.invalid for https://doctor.invalid)", "Cors:Policies");
        else Assert.Equal(0, (await RunAsync(origin, null, Cached)).Exit);
    }

    [Fact]
    public async Task Backend_ThatAllowsEverybody_NeedsNoVary()
    {
        await using var origin = new ScriptedOrigin();
        origin.On(Cached, static (_, connection) => connection.AnswerAsync("v", "Access-Control-Allow-Origin: *"));

        Assert.Equal(0, (await RunAsync(origin, null, Cached)).Exit);
    }

    [Fact]
    public async Task Backend_AskedAsAPageThatItKnows_ShowsWhatItDoesForIt()
    {
        const string Page = "https://app.example";
        await using var origin = new ScriptedOrigin();
        origin.On(Cached, static (request, connection) => connection.AnswerAsync("v", request["Origin"] == Page ? $"Access-Control-Allow-Origin: {Page}" : ""));

        Assert.Equal(0, (await RunAsync(origin, null, Cached)).Exit);
        Assert.StartsWith("cors: ", (await RunAsync(origin, null, $"--origin {Page} {Cached}")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Backend_WithoutTargets_IsAskedForItsRootAndMayHaveCookiesThere()
    {
        await using var origin = new ScriptedOrigin();
        origin.On("/", static (_, connection) => connection.AnswerAsync("v", "Set-Cookie: a=b"));

        Assert.Equal(0, (await RunAsync(origin, null, "")).Exit);
        Assert.Equal(["/", "/"], [.. origin.All.Select(static request => request.Target)]);
    }

    [Fact]
    public async Task Backend_ThatIsNotThere_IsNamed()
    {
        var origin = new ScriptedOrigin();
        await origin.DisposeAsync();

        await IsFoundAsync(origin, null, "backend", "does not answer GET /ttl/x", "correct its Address in ReverseProxy.Clusters");
    }

    [Fact]
    public async Task Json_HasEachFindingWithCheckProblemAndRemedy()
    {
        await using var origin = new ScriptedOrigin();
        origin.On(Cached, static (_, connection) => connection.AnswerAsync("v", "Age: 7\r\nSet-Cookie: a=b"));

        var (exit, output) = await RunAsync(origin, null, $"--json {Cached}");

        Assert.Equal(1, exit);
        var findings = JsonDocument.Parse(output).RootElement.EnumerateArray().ToList();
        Assert.Equal(["double-caching", "cookies"], [.. findings.Select(static finding => finding.GetProperty("check").GetString()!)]);
        Assert.All(findings, static finding => Assert.NotEmpty(finding.GetProperty("problem").GetString()! + finding.GetProperty("remedy").GetString()));
        Assert.Equal((0, "[]"), await RunAsync(origin, null, "--json /item/x"));
    }

    [Fact]
    public async Task Configuration_ThatIsBroken_IsSaidAsByCheck()
    {
        await using var origin = new ScriptedOrigin();

        var (exit, output) = await RunAsync(origin, null, Cached, ("Redis__Timeout", "5"));

        Assert.Equal(1, exit);
        Assert.Contains("Redis.Timeout: \"5\" is a number without a unit", output, StringComparison.Ordinal);
        Assert.Empty(origin.All);
    }

    private static async Task<(int Exit, string Output)> IsFoundAsync(
        ScriptedOrigin origin, string? redis, string check, string problem, string remedy, params (string Key, string? Value)[] settings)
    {
        var (exit, output) = await RunAsync(origin, redis, Cached, settings);
        var line = Assert.Single(output.TrimEnd().Split('\n'));
        Assert.StartsWith(check + ": ", line, StringComparison.Ordinal);
        Assert.Contains(problem, line, StringComparison.Ordinal);
        Assert.Contains(remedy, line, StringComparison.Ordinal);
        Assert.Equal(1, exit);
        return (exit, output);
    }

    private static async Task<(int Exit, string Output)> RunAsync(ScriptedOrigin origin, string? redis, string arguments, params (string Key, string? Value)[] settings)
    {
        var environment = settings.ToDictionary(static setting => setting.Key, static setting => setting.Value);
        environment["ConnectionStrings__Redis"] = redis;
        environment["REDIS_URL"] = null;
        environment["Routes__Path"] = RoutesText.Write(RoutesText.For(origin.Url));
        environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        return await ProxyCommand.RunAsync(["doctor", .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)], environment);
    }
}
