using System.Globalization;
using Bench.Measuring;
using Bench.Servers;
using Processes;

namespace Bench.Parts;

/// <summary>From the request for a purge to its acknowledgement by three replicas, one after the other, over one connection.</summary>
internal static class PurgePart
{
    private const int Replicas = 3;

    public static async Task<Table> MeasureAsync(BenchOptions options)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var origin = await RunningServer.BareAsync([]);
        var settings = new ProxySettings { Origin = origin.Url, Redis = redis.Address };
        await using var first = await ProxyProcess.StartAsync(settings);
        await using var second = await ProxyProcess.StartAsync(settings);
        await using var third = await ProxyProcess.StartAsync(settings);

        using var client = new PurgeClient(first);
        var milliseconds = new List<double>();
        var fullyConfirmed = 0;
        for (var i = -(options.Purges / 10); i < options.Purges; i++)
        {
            var (elapsed, confirmed) = await client.PurgeAsync($$"""{"tags":["model:id-{{i}}"]}""");
            // The first tenth warms up.
            if (i < 0)
                continue;
            milliseconds.Add(elapsed.TotalMilliseconds);
            if (confirmed == Replicas)
                fullyConfirmed++;
        }

        return new Table($"Purge by tag, acknowledged by {Replicas} replicas on loopback", "", "p50 ms", "p99 ms", "slowest ms")
            .Row($"{options.Purges} purges", Text(Statistics.Median(milliseconds)), Text(Statistics.Percentile(milliseconds, 0.99)), Text(milliseconds.Max()))
            .Judge("p50", Statistics.Median(milliseconds), 3, 1.5, " ms")
            .Judge("p99", Statistics.Percentile(milliseconds, 0.99), 20, 10, " ms")
            .Note($"Confirmed by all {Replicas} replicas: {fullyConfirmed} of {options.Purges}.");
    }

    private static string Text(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
}
