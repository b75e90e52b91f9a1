using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
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

        using var http = new HttpClient { BaseAddress = first.Url };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", ProxyProcess.OperatorToken());
        var milliseconds = new List<double>();
        var fullyConfirmed = 0;
        var time = TimeProvider.System;
        for (var i = -(options.Purges / 10); i < options.Purges; i++)
        {
            using var body = new StringContent($$"""{"tags":["model:id-{{i}}"]}""", Encoding.UTF8, "application/json");
            var started = time.GetTimestamp();
            using var response = await http.PostAsync(new Uri("/_cache/invalidate", UriKind.Relative), body);
            var receipt = await response.Content.ReadAsStringAsync();
            var elapsed = time.GetElapsedTime(started);
            if (!response.IsSuccessStatusCode)
                throw new InvalidOperationException($"A purge was answered {(int)response.StatusCode}: {receipt}");
            // The first tenth warms up.
            if (i < 0)
                continue;
            milliseconds.Add(elapsed.TotalMilliseconds);
            using var json = JsonDocument.Parse(receipt);
            if (json.RootElement.GetProperty("replicas").GetProperty("confirmed").GetInt32() == Replicas)
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
