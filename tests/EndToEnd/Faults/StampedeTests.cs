using System.Globalization;
using EndToEnd.Wire;
using Processes;

namespace EndToEnd.Faults;

/// <summary>
/// Everybody at once on one cold key, over three replicas on one Redis: the origin is asked once. <c>CACHEPROXY_STAMPEDE_CLIENTS</c> sets how
/// many (10 000 by default; as many files must be open here and a third of them in each replica).
/// </summary>
[Collection(Alone)]
public sealed class StampedeTests
{
    private const string Alone = "alone";
    private const int ConnectedAtOnce = 32;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [RedisFact]
    public async Task ColdKey_ManyClientsOverThreeReplicas_OneOriginRequest()
    {
        var clients = int.TryParse(Environment.GetEnvironmentVariable("CACHEPROXY_STAMPEDE_CLIENTS"), CultureInfo.InvariantCulture, out var wanted) ? wanted : 10_000;
        await using var redis = await RedisServer.StartAsync();
        await using var origin = new ScriptedOrigin();
        var settings = new ProxySettings { RoutesPath = RoutesText.Write(RoutesText.For(origin.Url)), Redis = redis.Address };
        await using var a = await ProxyProcess.StartAsync(settings);
        await using var b = await ProxyProcess.StartAsync(settings);
        await using var c = await ProxyProcess.StartAsync(settings);
        ProxyProcess[] replicas = [a, b, c];
        foreach (var replica in replicas)
            await Poll.UntilAsync(async () => await ProxyRig.MetricAsync(replica, "cacheproxy_lease_valid") == 1, Limit, static () => "No lease");
        var gate = new Gate();
        var body = MarkedBody.Make("/item/cold", 1, 8_000);
        origin.On("/item/", async (_, connection) =>
        {
            await gate.WaitAsync();
            await connection.AnswerAsync(body);
        });

        var open = new WireClient[clients];
        await Parallel.ForAsync(0, clients, new ParallelOptions { MaxDegreeOfParallelism = ConnectedAtOnce }, async (i, _) =>
        {
            open[i] = await WireClient.ConnectAsync(replicas[i % 3].Url);
            await open[i].SendAsync(WireClient.Request(replicas[i % 3].Url, "/item/cold"));
        });
        await Poll.UntilAsync(async () => await WaitingAsync(replicas) >= clients - 3, Limit, static () => "Not all wait");
        gate.Open();
        var good = 0;
        foreach (var client in open)
        {
            await using (client)
                if (await client.ReadAsync() is { Status: 200, IsComplete: true } reply && reply.Text == body) good++;
        }

        Assert.Equal((clients, 1), (good, origin.Count("/item/cold")));
    }

    /// <summary>Ten thousand connections leave no room for other tests with deadlines.</summary>
    [CollectionDefinition(Alone, DisableParallelization = true)]
    public sealed class AloneDefinition;

    private static async Task<double> WaitingAsync(IEnumerable<ProxyProcess> replicas)
    {
        double waiting = 0;
        foreach (var replica in replicas) waiting += await ProxyRig.MetricAsync(replica, "cacheproxy_fill_waiters");
        return waiting;
    }
}
