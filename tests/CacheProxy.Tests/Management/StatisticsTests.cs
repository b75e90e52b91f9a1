using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using CacheProxy.Management.Statistics;
using CacheProxy.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace CacheProxy.Tests.Management;

public sealed class StatisticsTests
{
    private const string Stats = "/api/v1/models/cache/stats";

    [Fact]
    public async Task Stats_WithoutRedis_AnswersAsTheGuideDoes()
    {
        await using var proxy = await TestProxy.StartAsync();
        proxy.Statistics.Add(1245, 156);
        Assert.Equal(
            """{"available":true,"stats":{"used_memory":"1.50M","total_keys":42,"hits":1245,"misses":156,"hit_rate":"88.9%"},"config":{"ttl_very_short":300,"ttl_short":900,"ttl_medium":1800,"ttl_long":3600,"ttl_very_long":7200,"ttl_day":86400,"ttl_week":604800},"message":"Cache is healthy"}""",
            (await ReadAsync(proxy)).GetRawText());
    }

    [Fact]
    public async Task Stats_OfNothingYet_HasAHitRateOfNought()
    {
        await using var proxy = await TestProxy.StartAsync();
        Assert.Equal("0.0%", (await ReadAsync(proxy)).GetProperty("stats").GetProperty("hit_rate").GetString());
    }

    [Fact]
    public async Task Stats_OfTwoReplicas_AreSummedAndOutliveRedis()
    {
        using var redis = new Redis();
        await redis.StartAsync();
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{redis.Port},abortConnect=false,connectRetry=1,syncTimeout=500,asyncTimeout=500");
        SharedStoreAccess access = new(() => connection, "cache[1]:", TimeSpan.FromSeconds(2));
        await using var first = await TestProxy.StartAsync(services: services => services.AddSingleton(access));
        await using var second = await TestProxy.StartAsync(services: services => services.AddSingleton(access));
        var database = connection.GetDatabase();
        for (var i = 0; i < 5; i++) await database.StringSetAsync($"cache[1]:__MSOCV_model:metrics:{i}", "x");
        await database.StringSetAsync("cache1:__MSOCV_foreign", "x");
        await database.StringSetAsync("foreign", "x");

        first.Statistics.Add(10, 2);
        second.Statistics.Add(5, 3);
        await Poll.UntilAsync(async () => Figures(await ReadAsync(first)) == (15, 5));
        Assert.Equal((15, 5), Figures(await ReadAsync(second)));
        var stats = await ReadAsync(first);
        Assert.True(stats.GetProperty("available").GetBoolean());
        Assert.Equal(5, stats.GetProperty("stats").GetProperty("total_keys").GetInt64());
        Assert.Equal("75.0%", stats.GetProperty("stats").GetProperty("hit_rate").GetString());
        Assert.Matches(@"^\d+\.\d\dM$|^\d+\.\d\dK$", stats.GetProperty("stats").GetProperty("used_memory").GetString());
        Assert.NotEqual("1.50M", stats.GetProperty("stats").GetProperty("used_memory").GetString());

        redis.Kill();
        first.Statistics.Add(7, 0);
        await Poll.UntilAsync(async () => !(await ReadAsync(first)).GetProperty("available").GetBoolean());
        Assert.Equal((17, 2), Figures(await ReadAsync(first)));

        // It comes back empty: what each replica had added is gone with it, what it had not is there.
        await redis.StartAsync();
        await Poll.UntilAsync(async () => (await ReadAsync(second)).GetProperty("available").GetBoolean() && Figures(await ReadAsync(second)) == (7, 0));
    }

    [Fact]
    public async Task Stats_OfAReplicaThatEnds_AreAddedBeforeItDoes()
    {
        using var redis = new Redis();
        await redis.StartAsync();
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{redis.Port}");
        var proxy = await TestProxy.StartAsync(services: services => services.AddSingleton(new SharedStoreAccess(() => connection, "x:", TimeSpan.FromSeconds(2))));
        proxy.Statistics.Add(3, 4);
        await proxy.App.StopAsync();
        await proxy.DisposeAsync();
        Assert.Equal("3", await connection.GetDatabase().HashGetAsync("x:stats", "hits"));
        Assert.Equal("4", await connection.GetDatabase().HashGetAsync("x:stats", "misses"));
    }

    private static (long Hits, long Misses) Figures(JsonElement stats) =>
        (stats.GetProperty("stats").GetProperty("hits").GetInt64(), stats.GetProperty("stats").GetProperty("misses").GetInt64());

    private static async Task<JsonElement> ReadAsync(TestProxy proxy)
    {
        using var response = await proxy.Clients.SendAsync(Tokens.Request("GET", Stats, Tokens.Valid));
        Assert.True(response.StatusCode == HttpStatusCode.OK, string.Join('\n', proxy.Lines.Where(line => line.StartsWith("Error", StringComparison.Ordinal))));
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
    }

    /// <summary>A redis-server of its own, without files.</summary>
    private sealed class Redis : IDisposable
    {
        private Process? _process;

        public int Port { get; } = FreePort();

        public async Task StartAsync()
        {
            _process = Process.Start(new ProcessStartInfo("redis-server", ["--port", $"{Port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]) { RedirectStandardOutput = true })!;
            _process.BeginOutputReadLine();
            await Poll.UntilAsync(async () =>
            {
                try
                {
                    using var client = new TcpClient();
                    await client.ConnectAsync(IPAddress.Loopback, Port);
                    return true;
                }
                catch (SocketException)
                {
                    return false;
                }
            });
        }

        public void Kill()
        {
            _process?.Kill();
            _process?.WaitForExit();
        }

        public void Dispose()
        {
            Kill();
            _process?.Dispose();
        }

        private static int FreePort()
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }
    }
}
