using System.Globalization;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Storage;
using CacheProxy.Engine.Telemetry;
using CacheProxy.Engine.Tests.Redis;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Prometheus;
using StackExchange.Redis;
using Purge = CacheProxy.Engine.Invalidation.Invalidation;

namespace CacheProxy.Engine.Tests.Storage;

/// <summary>The removal of what purges have made worthless: it must not cost Redis more than the purges themselves.</summary>
public sealed class DeadEntriesTests
{
    private const int Foreign = 5_000;
    private const string Stored = "cacheproxy:__MSOCV_";

    [Fact]
    public async Task Purges_OfManyNames_AreRemovedInOneWalkOverRedis()
    {
        await using var server = await RedisServer.StartAsync();
        await using var connection = await ConnectionMultiplexer.ConnectAsync(server.Address);
        var database = connection.GetDatabase();
        await Task.WhenAll(Enumerable.Range(0, Foreign).Select(i => database.StringSetAsync($"foreign:{i}", 1)));
        string[] names = ["item:1", "item:2", "item:2#0123456789abcdef", "item:3?a=b", "item:30", "other:4"];
        foreach (var name in names) await database.StringSetAsync(Stored + name, 1);
        var time = new FakeTimeProvider();
        var metrics = new CacheMetrics(Metrics.WithCustomRegistry(Metrics.NewCustomRegistry()));
        var log = new LocalInvalidationLog(metrics, time, NullLogger<LocalInvalidationLog>.Instance);
        using var dead = new DeadEntries(new(new MemoryOptions(), metrics, time), new SharedNames(() => connection, "cacheproxy:"), log, time);
        await dead.StartAsync(CancellationToken.None);

        foreach (var purge in (Purge[])[new() { Keys = ["item:1"] }, new() { Patterns = ["item:2*"] }, new() { Patterns = ["item:[3]"] }, new() { Patterns = ["item:x*"] }])
            await log.AppendAsync(purge, InvalidationSource.Event, null, CancellationToken.None);
        time.Advance(TimeSpan.FromSeconds(7));

        await Poll.UntilAsync(async () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return !await database.KeyExistsAsync(Stored + "item:3?a=b");
        });
        await dead.StopAsync(CancellationToken.None);
        foreach (var name in names) Assert.Equal((name, name is "item:30" or "other:4"), (name, await database.KeyExistsAsync(Stored + name)));
        // Each page of a walk is a call.
        Assert.InRange(await ScansAsync(server), 1, (Foreign / SharedNames.PageSize) + 3);
    }

    [Fact]
    public async Task Purge_OfMoreThanAPage_IsRemovedPageByPageToTheLastName()
    {
        // Names of no whole number of pages.
        const int Dead = (4 * SharedNames.PageSize) + 7;
        await using var server = await RedisServer.StartAsync();
        await using var connection = await ConnectionMultiplexer.ConnectAsync(server.Address);
        var database = connection.GetDatabase();
        await Task.WhenAll(Enumerable.Range(0, Dead).Select(i => database.StringSetAsync($"{Stored}item:{i}", 1)));
        await database.StringSetAsync(Stored + "other:1", 1);
        foreach (var (setting, value) in ((string, int)[])[("slowlog-max-len", 10 * Dead), ("slowlog-log-slower-than", 0)]) await server.ExecuteAsync("CONFIG", "SET", setting, value);
        var time = new FakeTimeProvider();
        var metrics = new CacheMetrics(Metrics.WithCustomRegistry(Metrics.NewCustomRegistry()));
        var log = new LocalInvalidationLog(metrics, time, NullLogger<LocalInvalidationLog>.Instance);
        using var dead = new DeadEntries(new(new MemoryOptions(), metrics, time), new SharedNames(() => connection, "cacheproxy:"), log, time);
        await dead.StartAsync(CancellationToken.None);

        await log.AppendAsync(new() { Patterns = ["item:*"] }, InvalidationSource.Event, null, CancellationToken.None);

        await Poll.UntilAsync(async () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return await connection.GetServer(server.Address).DatabaseSizeAsync() == 1;
        });
        await dead.StopAsync(CancellationToken.None);
        Assert.True(await database.KeyExistsAsync(Stored + "other:1"));
        // However much Redis holds, one page of names is held here: what was found is removed before the walk goes on.
        var commands = await CommandsAsync(server);
        Assert.InRange(commands.IndexOf("UNLINK"), 0, commands.LastIndexOf("SCAN"));
    }

    [Theory]
    [InlineData("", "", null)]
    [InlineData("item:1", "", "item:1")]
    [InlineData("item:1 item:22", "", "item:")]
    [InlineData("item:1", "item:* other:*", "")]
    [InlineData("", "item:[12]:* item:3", "item:")]
    [InlineData("a🂡 a🂢", "", "a")]
    public void Prefix_OfWhatIsNamed_IsOneForAll(string keys, string patterns, string? expected) => Assert.Equal(
        expected, new InvalidationMatch(new() { Keys = [.. Words(keys)], Patterns = [.. Words(patterns)], Tags = ["t"] }).Prefix);

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static async Task<int> ScansAsync(RedisServer server)
    {
        var statistics = ((string?)await server.ExecuteAsync("INFO", "commandstats"))!;
        var scan = statistics.Split('\n').Single(line => line.StartsWith("cmdstat_scan:", StringComparison.Ordinal));
        return int.Parse(scan["cmdstat_scan:calls=".Length..scan.IndexOf(',', StringComparison.Ordinal)], CultureInfo.InvariantCulture);
    }

    /// <summary>The names of the commands that it has run, the first one first.</summary>
    private static async Task<List<string>> CommandsAsync(RedisServer server)
    {
        var entries = (RedisResult[])(await server.ExecuteAsync("SLOWLOG", "GET", int.MaxValue))!;
        return [.. entries.Reverse().Select(static entry => ((string[])entry[3]!)[0].ToUpperInvariant())];
    }
}
