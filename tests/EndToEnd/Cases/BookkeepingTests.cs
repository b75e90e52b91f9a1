using System.Diagnostics;
using System.Globalization;
using EndToEnd.Faults;
using EndToEnd.Wire;
using Processes;
using StackExchange.Redis;
using Xunit.Abstractions;

namespace EndToEnd.Cases;

/// <summary>
/// What was kept about entries goes with them (CASES 26): their tags, variants, and the marks of what cannot be cached.
/// <c>CACHEPROXY_BOOKKEEPING_ENTRIES=2000000</c> makes the long run.
/// </summary>
public sealed class BookkeepingTests(ITestOutputHelper output)
{
    private const int Clients = 8;
    private const int Rounds = 2;

    /// <summary>Names without an end of their own: the log of purges and what hangs on it.</summary>
    private const int FixedNames = 8;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private static int Entries { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("CACHEPROXY_BOOKKEEPING_ENTRIES"), NumberStyles.None, CultureInfo.InvariantCulture, out var wanted) ? wanted : 8_000;

    [RedisFact]
    public async Task Entries_ThatAreGone_LeaveNothingInMemoryOrRedis()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var rig = await StandaloneRig.StartAsync(
            new Dictionary<string, string?> { ["Memory__Limit"] = "32MiB", ["DOTNET_GCConserveMemory"] = "9" }, redis: redis.Address);
        await SharedRig.HasLeaseAsync(rig.Proxy);
        // Each has tags of its own, and two variants.
        rig.Origin.On("/origin/", static (request, connection) => connection.AnswerAsync(
            $"{request.Target} {request["X-Flavour"]}", $"Cache-Control: max-age=1\r\nVary: X-Flavour\r\nSurrogate-Key: {string.Join(' ', Enumerable.Range(0, 3).Select(i => $"t{i}{request.Path.Replace('/', '-')}"))}"));

        var resident = new List<long>();
        for (var round = 0; round < Rounds; round++)
        {
            await AskAsync(rig, (reader, i) => WireClient.Request(
                rig.Url, string.Create(CultureInfo.InvariantCulture, $"/origin/r{round}-{reader}-{i / 2}"), string.Create(CultureInfo.InvariantCulture, $"X-Flavour: f{i % 2}")));
            await Poll.UntilAsync(async () => await rig.MetricAsync("cacheproxy_memory_entries") == 0, Limit, static () => "Entries stay");
            resident.Add(Resident(rig.Proxy));
        }
        output.WriteLine($"{Entries} entries a round; resident after each, in MiB: {string.Join(", ", resident.Select(static bytes => bytes >> 20))}");

        Assert.True(resident[^1] < resident[0] * 1.25, $"It grows: {string.Join(", ", resident.Select(static bytes => bytes >> 20))} MiB");
        await using var admin = await ConnectionMultiplexer.ConnectAsync(redis.Address);
        await Poll.UntilAsync(async () => (await NamesAsync(admin)).Count <= FixedNames, Limit, static () => "Names stay in Redis");
        Assert.InRange((await NamesAsync(admin)).Count, 0, FixedNames);
    }

    [Fact]
    public async Task Marks_OfBodiesThatCannotBeCached_AreGoneAfterTheirTime()
    {
        await using var rig = await StandaloneRig.StartAsync(new Dictionary<string, string?> { ["Memory__Limit"] = "32MiB", ["DOTNET_GCConserveMemory"] = "9" });
        rig.Origin.On("/body/", static (_, connection) => connection.AnswerAsync("v", "Cache-Control: no-store"));

        var resident = new List<long>();
        for (var round = 0; round < Rounds; round++)
        {
            await AskAsync(rig, (reader, i) => WireClient.Request(
                rig.Url, "/body/x", "Content-Type: application/json", "POST", string.Create(CultureInfo.InvariantCulture, $"{{\"round\":{round},\"reader\":{reader},\"i\":{i}}}")));
            resident.Add(Resident(rig.Proxy));
        }
        output.WriteLine($"{Entries} bodies a round; resident after each, in MiB: {string.Join(", ", resident.Select(static bytes => bytes >> 20))}");

        Assert.Equal(0, await rig.MetricAsync("cacheproxy_memory_entries"));
        Assert.Equal(0, await rig.MetricAsync("cacheproxy_fills_in_flight"));
        Assert.True(resident[^1] < resident[0] * 1.25, $"It grows: {string.Join(", ", resident.Select(static bytes => bytes >> 20))} MiB");
    }

    private static Task<int[]> AskAsync(StandaloneRig rig, Func<int, int, string> request) => ProxyRig.AllAsync(Clients, async reader =>
    {
        await using var client = await WireClient.ConnectAsync(rig.Url);
        for (var i = 0; i < Entries / Clients; i++)
        {
            await client.SendAsync(request(reader, i));
            Assert.Equal(200, (await client.ReadAsync()).Status);
        }
        return 0;
    });

    private static async Task<List<string>> NamesAsync(ConnectionMultiplexer admin)
    {
        var names = new List<string>();
        await foreach (var name in admin.GetServer(admin.GetEndPoints()[0]).KeysAsync(pattern: "*")) names.Add(name!);
        return names;
    }

    private static long Resident(ProxyProcess proxy)
    {
        using var process = Process.GetProcessById(proxy.Id);
        return process.WorkingSet64;
    }
}
