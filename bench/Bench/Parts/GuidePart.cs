using System.Globalization;
using System.Text;
using Bench.Measuring;
using Processes;

namespace Bench.Parts;

/// <summary>The caching guide's own table: what a client waits for, with the real models backend, past the cache and from it.</summary>
internal static class GuidePart
{
    private const string Models = "/api/v1/models";
    private const string Comparison = """{"model_run_ids":["abc-123","def-456","ghi-789"],"metric":"accuracy"}""";

    public static async Task<Table> MeasureAsync(BenchOptions options)
    {
        var port = BackendProcess.FreePort();
        await using var redis = await RedisServer.StartAsync();
        await using var proxy = await ProxyProcess.StartAsync(new ProxySettings { Origin = new Uri($"http://127.0.0.1:{port}"), Redis = redis.Address });
        await using var backend = await BackendProcess.StartAsync([proxy.Url], port);
        using var http = new HttpClient { BaseAddress = proxy.Url };

        var table = new Table("The guide's requests, one client", "request", "without cache ms", "with cache ms", "faster");
        await RowAsync("Model metrics", () => new(HttpMethod.Get, $"{Models}/train/abc-123/metrics"));
        await RowAsync("Feature importance", () => new(HttpMethod.Get, $"{Models}/train/abc-123/feature-importance"));
        await RowAsync("Model comparison (3 models)", () => new(HttpMethod.Post, $"{Models}/compare") { Content = new StringContent(Comparison, Encoding.UTF8, "application/json") });
        return table;

        async Task RowAsync(string name, Func<HttpRequestMessage> request)
        {
            var without = await MedianAsync(http, options.Quick ? 3 : 9, () => PastTheCache(request()), "BYPASS");
            await TimeAsync(http, request());
            var with = await MedianAsync(http, options.Quick ? 50 : 1_000, request, "HIT");
            table.Row(name, Text(without, "0"), Text(with, "0.00"), Text(without / with, "0") + " ×");
        }
    }

    private static HttpRequestMessage PastTheCache(HttpRequestMessage request)
    {
        request.RequestUri = new Uri(request.RequestUri + "?use_cache=false", UriKind.Relative);
        return request;
    }

    private static async Task<double> MedianAsync(HttpClient http, int count, Func<HttpRequestMessage> request, string expected)
    {
        var milliseconds = new List<double>();
        for (var i = 0; i < count; i++)
        {
            var (elapsed, cache) = await TimeAsync(http, request());
            if (cache != expected)
                throw new InvalidOperationException($"X-Cache was {cache} instead of {expected}.");
            milliseconds.Add(elapsed);
        }

        return Statistics.Median(milliseconds);
    }

    private static async Task<(double Milliseconds, string? Cache)> TimeAsync(HttpClient http, HttpRequestMessage request)
    {
        using (request)
        {
            var started = TimeProvider.System.GetTimestamp();
            using var response = await http.SendAsync(request);
            await response.Content.ReadAsByteArrayAsync();
            var elapsed = TimeProvider.System.GetElapsedTime(started).TotalMilliseconds;
            response.EnsureSuccessStatusCode();
            return (elapsed, response.Headers.TryGetValues("X-Cache", out var values) ? values.First() : null);
        }
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
