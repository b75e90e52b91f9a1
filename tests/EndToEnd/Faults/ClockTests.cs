using System.Globalization;
using EndToEnd.Purges;
using EndToEnd.Wire;
using Microsoft.Extensions.Time.Testing;
using Processes;

namespace EndToEnd.Faults;

/// <summary>The wall clock jumps (RELIABILITY 3, P1): ages in the process do not, nothing becomes immortal, and no event is believed that is not of now.</summary>
public sealed class ClockTests
{
    [ClockTheory]
    [InlineData(1)]
    [InlineData(-1)]
    [InlineData(24)]
    [InlineData(-24)]
    public async Task Clock_Jumps_AgesGoOnAndEverythingStillEnds(int hours)
    {
        var clock = new FakeClock();
        await using var redis = await RedisServer.StartAsync();
        await using var rig = await StandaloneRig.StartAsync(clock.Settings, redis: redis.Address);
        await SharedRig.HasLeaseAsync(rig.Proxy);
        rig.Origin.On("/origin/", static (request, connection) => connection.AnswerAsync(
            string.Create(CultureInfo.InvariantCulture, $"{request.Number}"), string.Create(CultureInfo.InvariantCulture, $"Cache-Control: max-age=2\r\nDate: {TimeProvider.System.GetUtcNow():r}")));
        await rig.GetAsync("/ttl/x");
        await rig.GetAsync("/origin/x");
        await rig.GetAsync("/stale/x");

        clock.Move(TimeSpan.FromHours(hours));

        // What was stored before is as old as it was, neither dead nor from the future.
        var hit = await rig.GetAsync("/ttl/x");
        Assert.Equal(("HIT", "/ttl/x 1"), (hit.Cache, hit.Text));
        Assert.InRange(int.Parse(hit["Age"]!, CultureInfo.InvariantCulture), 0, 30);
        // And it ends, as what is stored from now on does.
        await EndsAsync(rig, "/origin/x");
        await EndsAsync(rig, "/stale/x");
        await rig.GetAsync("/stale/later");
        await EndsAsync(rig, "/stale/later");
        foreach (var path in new[] { "/origin/later", "/ttl/later" })
        {
            Assert.Equal(200, (await rig.GetAsync(path)).Status);
            Assert.True(int.Parse((await rig.GetAsync(path))["Age"] ?? "0", CultureInfo.InvariantCulture) >= 0);
        }

        // The lease is not counted on the wall clock, nor are purges ordered by it.
        Assert.Equal(1, await rig.MetricAsync("cacheproxy_lease_valid"));
        var purge = await WireClient.AskAsync(
            rig.Url, "/_cache/invalidate", $"Content-Type: application/json\r\nAuthorization: Bearer {ProxyProcess.OperatorToken(time: new FakeTimeProvider(TimeProvider.System.GetUtcNow().AddHours(hours)))}", "POST", """{"everything":true}""");
        Assert.True(purge.Status == 200, purge.Text);
        Assert.Equal("/ttl/x 2", (await rig.GetAsync("/ttl/x")).Text);
    }

    /// <summary>Replicas whose clocks differ by an hour share what they store: nobody serves it longer than it is good.</summary>
    [ClockTheory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task Clock_DiffersBetweenReplicas_SharedEntriesAreNeitherNegativeNorImmortal(int hours)
    {
        var clock = new FakeClock();
        clock.Move(TimeSpan.FromHours(hours));
        await using var rig = await SharedRig.StartAsync(1);
        await rig.AddAsync(rig.Redis.Address, clock.Settings);
        await using var admin = await rig.ConnectAsync();

        foreach (var (first, second) in new[] { (0, 1), (1, 0) })
        {
            var target = string.Create(CultureInfo.InvariantCulture, $"/item/from{first}");
            await rig.GetAsync(first, target);
            await Poll.UntilAsync(async () => await admin.GetDatabase().KeyExistsAsync($"cacheproxy:__MSOCV_item:from{first}"), SharedRig.Limit, static () => "Not shared");
            for (var i = 0; i < 2; i++)
            {
                var reply = await rig.GetAsync(second, target);
                Assert.Equal(200, reply.Status);
                Assert.InRange(int.Parse(reply["Age"] ?? "0", CultureInfo.InvariantCulture), 0, 60);
            }
            var left = await admin.GetDatabase().KeyTimeToLiveAsync($"cacheproxy:__MSOCV_item:from{first}");
            Assert.InRange(left!.Value, TimeSpan.Zero, TimeSpan.FromSeconds(120));
        }
    }

    [ClockTheory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task Clock_IsOffByAnHour_EventsAreRefusedAndCounted(int hours)
    {
        var clock = new FakeClock();
        await using var rig = await StandaloneRig.StartAsync(clock.Settings);
        Assert.Equal(200, await SendAsync(rig));

        clock.Move(TimeSpan.FromHours(hours));

        Assert.Equal(401, await SendAsync(rig));
        Assert.Equal(1, await rig.MetricAsync("cacheproxy_webhooks_refused_total{reason=\"timestamp\"}"));
        clock.Move(TimeSpan.Zero);
        Assert.Equal(200, await SendAsync(rig));
    }

    private static Task EndsAsync(StandaloneRig rig, string target) =>
        Poll.UntilAsync(async () => (await rig.GetAsync(target)).Cache != "HIT", TimeSpan.FromSeconds(20), () => $"{target} does not end");

    private static async Task<int> SendAsync(StandaloneRig rig)
    {
        using var http = new HttpClient();
        return await new PurgeSender(http).SendAsync(rig.Url, way: 2, group: 0, id: 0, $"{Guid.NewGuid():N}");
    }
}
