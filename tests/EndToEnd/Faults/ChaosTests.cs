using System.Globalization;
using EndToEnd.Wire;
using Processes;
using Xunit.Abstractions;

namespace EndToEnd.Faults;

/// <summary>
/// Clients that leave at random while the origin cuts, resets and truncates at random: whatever a client takes for a whole answer is one, of
/// its own key. <c>CACHEPROXY_CHAOS_REQUESTS=100000</c> and <c>CACHEPROXY_CHAOS_SEED</c> make the long run.
/// </summary>
public sealed class ChaosTests(ChaosTests.Rig rig, ITestOutputHelper output) : IClassFixture<ChaosTests.Rig>
{
    private const int AtOnce = 48;
    private static readonly string[] s_routes = ["ttl", "origin", "stale", "slow"];
    private int _whole, _broken, _refused, _left;

    [Fact]
    public async Task Bodies_UnderAbortsResetsAndTruncation_NoneIsWrongShortOrMixed()
    {
        var requests = Setting("CACHEPROXY_CHAOS_REQUESTS", 10_000);
        var seed = Setting("CACHEPROXY_CHAOS_SEED", 20_261_125);
        foreach (var route in s_routes) rig.Origin.On($"/{route}/", (request, connection) => AnswerBadlyAsync(request, connection, seed));
        var next = 0;
        var faults = new List<string>();

        await ProxyRig.AllAsync(AtOnce, async _ =>
        {
            while (Interlocked.Increment(ref next) is var i && i <= requests && faults.Count == 0)
                if (await AskAsync(i, new Random(HashCode.Combine(seed, i))) is { } fault)
                    lock (faults) faults.Add($"request {i}: {fault}");
            return 0;
        });

        output.WriteLine($"seed {seed}: {requests} requests, {_whole} whole, {_broken} broken off, {_refused} errors, {_left} left; {rig.Origin.All.Count} at the origin");
        Assert.True(faults.Count == 0, $"seed {seed}: {string.Join('\n', faults)}");
        Assert.True(_whole > requests / 3 && _broken > 0 && _left > 0, "The run was not the one that it should be");
        await Poll.UntilAsync(async () => await rig.MetricAsync("cacheproxy_fills_in_flight") == 0, TimeSpan.FromSeconds(20), static () => "Fills are left over");
        Assert.Equal(0, await rig.MetricAsync("cacheproxy_fill_waiters"));
        Assert.Empty(rig.Origin.Violations);
    }

    private async Task<string?> AskAsync(int i, Random random)
    {
        // A window that moves: most keys are asked for by several clients at once, and again later.
        var path = string.Create(CultureInfo.InvariantCulture, $"/{s_routes[random.Next(s_routes.Length)]}/k{(i / 100) + random.Next(6)}");
        await using var client = await WireClient.ConnectAsync(rig.Url);
        // The end of the connection ends a wait for more than there is.
        await client.SendAsync(WireClient.Request(rig.Url, path, "Connection: close"));
        switch (random.Next(8))
        {
            case 0:
                client.Abort();
                Interlocked.Increment(ref _left);
                return null;
            case 1:
                try
                {
                    await client.ReadHeadAndAsync(random.Next(4_000));
                }
                catch (IOException)
                {
                    // It broke off before.
                }
                client.Abort();
                Interlocked.Increment(ref _left);
                return null;
            default:
                return Judge(path, await client.ReadAsync());
        }
    }

    private string? Judge(string path, WireReply reply)
    {
        if (!reply.IsComplete)
        {
            Interlocked.Increment(ref _broken);
            return null;
        }
        if (reply.Status is 502 or 503 or 504)
        {
            Interlocked.Increment(ref _refused);
            return reply["Content-Type"] == "application/problem+json" ? null : $"{reply.Head}\n{reply.Text}";
        }
        Interlocked.Increment(ref _whole);
        if (reply.Status != 200) return reply.Head;
        return MarkedBody.Fault(path, reply.Text) is { } fault ? $"{path}: {fault}\n{reply.Head}\n{reply.Text[..Math.Min(200, reply.Text.Length)]}" : null;
    }

    private static async Task AnswerBadlyAsync(SeenRequest request, OriginConnection connection, int seed)
    {
        var random = new Random(HashCode.Combine(seed, request.Target.Length, request.Number, request.Target.Sum(static c => c)));
        var body = MarkedBody.Make(request.Path, request.Number, random.Next(3) == 0 ? random.Next(40_000, 200_000) : random.Next(200, 6_000));
        var cut = random.Next(body.Length);
        var fields = random.Next(5) == 0 ? "Cache-Control: no-store" : "Cache-Control: max-age=60";
        switch (random.Next(9))
        {
            case 0:
                await connection.SayAsync(OriginConnection.Head(body.Length, fields) + body[..cut]);
                connection.Reset();
                break;
            case 1:
                await connection.SayAsync(OriginConnection.Head(body.Length, fields) + body[..cut]);
                connection.Close();
                break;
            case 2:
                await connection.SayAsync(OriginConnection.ChunkedHead(fields) + OriginConnection.Chunk(body[..(cut + 1)]));
                connection.Close();
                break;
            case 3:
                connection.Reset();
                break;
            case 4 or 5:
                await connection.SayAsync(OriginConnection.ChunkedHead(fields));
                foreach (var piece in body.Chunk(7_000)) await connection.SayAsync(OriginConnection.Chunk(new string(piece)));
                await connection.SayAsync("0\r\n\r\n");
                break;
            default:
                await connection.AnswerAsync(body, fields);
                break;
        }
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : otherwise;

    public sealed class Rig : ProxyRig;
}
