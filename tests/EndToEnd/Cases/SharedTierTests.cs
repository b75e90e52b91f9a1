using System.Globalization;
using EndToEnd.Faults;
using EndToEnd.Wire;
using Processes;

namespace EndToEnd.Cases;

/// <summary>What one replica has stored answers at another by the same rules as what it has stored itself.</summary>
public sealed class SharedTierTests : IAsyncLifetime
{
    private const string Fresh = "Cache-Control: max-age=60\r\nETag: \"a\"";
    private static readonly Dictionary<string, string?> s_patient = new() { ["Redis__Timeout"] = "5s" };
    private SharedRig _rig = null!;

    public async Task InitializeAsync() => _rig = await SharedRig.StartAsync(2, settings: s_patient);

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [RedisTheory]
    [InlineData("Cache-Control: no-cache", "REVALIDATED")]
    [InlineData("Cache-Control: max-age=0", "REVALIDATED")]
    [InlineData("Pragma: no-cache", "REVALIDATED")]
    [InlineData("If-Match: \"other\"", "REVALIDATED")]
    [InlineData("Cache-Control: max-age=30", "HIT")]
    [InlineData("If-Match: \"a\"", "HIT")]
    public async Task Request_ThatWantsMoreThanFresh_GetsItFromTheOther(string field, string expected)
    {
        const string path = "/origin/wants";
        _rig.Origin.On(path, static (request, connection) => request["If-None-Match"] == "\"a\""
            ? connection.SayAsync("HTTP/1.1 304 Not Modified\r\n" + Fresh + "\r\n\r\n")
            : connection.AnswerAsync("x", Fresh));
        await StoredByTheFirstAsync(path);

        var answer = await AskAsync(1, path, field);

        Assert.Equal((expected, expected == "HIT" ? 1 : 2), (answer.Cache, _rig.Origin.Count(path)));
    }

    [RedisFact]
    public async Task StaleWhileRevalidate_OfTheOthers_IsServedAtOnceAndRefreshed()
    {
        const string path = "/swr/x";
        var gate = new Gate();
        _rig.Origin.On(path, async (request, connection) =>
        {
            if (request.Number > 1) await gate.WaitAsync();
            await connection.AnswerAsync(request.Number.ToString(CultureInfo.InvariantCulture), "Cache-Control: max-age=60");
        });
        await StoredByTheFirstAsync(path);
        await Poll.UntilAsync(async () => (await ExplainAsync(1, path)).Contains("\"ttl\":-", StringComparison.Ordinal), SharedRig.Limit, static () => "It does not grow stale");

        var stale = await AskAsync(1, path);
        Assert.Equal(("1", "STALE"), (stale.Text, stale.Cache));
        Assert.Contains("detail=swr", stale["Cache-Status"], StringComparison.Ordinal);
        gate.Open();
        await Poll.UntilAsync(async () => (await AskAsync(1, path)).Text != "1", SharedRig.Limit, static () => "It is not refreshed");
    }

    [RedisFact]
    public async Task StaleWhileRevalidate_BehindASoftPurge_IsNotServedByAReplicaThatKnowsNotSinceWhen()
    {
        const string path = "/swr/soft";
        _rig.Origin.On(path, static (request, connection) => connection.AnswerAsync(request.Number.ToString(CultureInfo.InvariantCulture)));
        await StoredByTheFirstAsync(path);

        Assert.Equal(200, (await _rig.PurgeAsync(0, """{"everything":true,"mode":"soft"}""")).Status);

        var answer = await AskAsync(1, path);
        Assert.Equal(("2", "MISS"), (answer.Text, answer.Cache));
    }

    [RedisTheory]
    [InlineData(404)]
    [InlineData(410)]
    [InlineData(302)]
    [InlineData(403)]
    public async Task StaleEntry_ThatAnAnswerHasEnded_IsNotBroughtBack(int status)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"/origin/ended-{status}");
        var answer = 200;
        _rig.Origin.On(path, (_, connection) => connection.AnswerAsync(
            "x", Volatile.Read(ref answer) == 200 ? "Cache-Control: max-age=1, stale-if-error=60" : "Cache-Control: no-store", status: string.Create(CultureInfo.InvariantCulture, $"{Volatile.Read(ref answer)} Said")));
        await StoredByTheFirstAsync(path);
        var before = await StoredAsync();

        Volatile.Write(ref answer, status);
        await Poll.UntilAsync(async () => (await AskAsync(0, path)).Status == status, SharedRig.Limit, static () => "It does not grow stale");
        await Poll.UntilAsync(async () => await StoredAsync() > before, SharedRig.Limit, static () => "It is not taken from all");
        Volatile.Write(ref answer, 503);

        Assert.Equal((503, 503), ((await AskAsync(0, path)).Status, (await AskAsync(1, path)).Status));
    }

    [RedisFact]
    public async Task TwoWhoWaitForTheSharedTier_EachGetsItsOwnVariant()
    {
        const string path = "/origin/variants";
        _rig.Origin.On(path, static (request, connection) => connection.AnswerAsync(request["Accept-Language"]!, "Vary: Accept-Language\r\n" + Fresh));
        await StoredByTheFirstAsync(path, "Accept-Language: de");
        await StoredByTheFirstAsync(path, "Accept-Language: en");

        _rig.Redis.Suspend();
        var german = AskAsync(1, path, "Accept-Language: de");
        var english = AskAsync(1, path, "Accept-Language: en");
        await Poll.UntilAsync(async () => await ProxyRig.MetricAsync(_rig.Replicas[1], "cacheproxy_fill_waiters") == 1, SharedRig.Limit, static () => "Nobody waits");
        _rig.Redis.Resume();

        Assert.Equal(("de", "en"), ((await german).Text, (await english).Text));
        Assert.Equal(2, _rig.Origin.Count(path));
    }

    [RedisFact]
    public async Task Entries_OfWhatIsInBothTiers_ListEachVariantOnce()
    {
        const string path = "/origin/listed";
        _rig.Origin.On(path, static (request, connection) => connection.AnswerAsync(request["Accept-Language"]!, "Vary: Accept-Language\r\n" + Fresh));
        await StoredByTheFirstAsync(path, "Accept-Language: de");
        await StoredByTheFirstAsync(path, "Accept-Language: en");

        foreach (var tier in new[] { "memory", "shared" })
        {
            var page = await AskAsync(tier == "memory" ? 0 : 1, "/_cache/entries?pattern=*", $"Authorization: Bearer {ProxyProcess.OperatorToken()}");
            using var json = System.Text.Json.JsonDocument.Parse(page.Text);
            Assert.Equal([tier, tier], json.RootElement.GetProperty("entries").EnumerateArray().Select(static entry => entry.GetProperty("tier").GetString()));
        }
    }

    // Stored for all a moment after the client has its answer.
    private async Task StoredByTheFirstAsync(string path, string field = "")
    {
        var before = await StoredAsync();
        Assert.Equal("MISS", (await AskAsync(0, path, field)).Cache);
        await Poll.UntilAsync(async () => await StoredAsync() > before, SharedRig.Limit, static () => "It is not stored for all");
    }

    private Task<double> StoredAsync() => ProxyRig.MetricAsync(_rig.Replicas[0], "cacheproxy_shared_duration_seconds_count{operation=\"set\",outcome=\"ok\"}");

    private async Task<string> ExplainAsync(int replica, string path) =>
        (await AskAsync(replica, $"/_cache/explain?method=GET&url={path}", $"Authorization: Bearer {ProxyProcess.OperatorToken()}")).Text;

    // Under one name for both, as behind one balancer: the host is part of the key.
    private async Task<WireReply> AskAsync(int replica, string path, string field = "")
    {
        await using var client = await WireClient.ConnectAsync(_rig.Replicas[replica].Url);
        return await client.SendAndReadAsync(new Uri("http://cache.example"), path, field);
    }
}
