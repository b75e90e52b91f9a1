using Bench.Measuring;
using Processes;

namespace Bench.Servers;

/// <summary>The proxy as users run it: one cached route as in the shipped file, logging on, scraped before it is measured.</summary>
internal static class BenchProxy
{
    public const string Target = "/api/v1/models/train/abc-123/metrics";

    /// <param name="origin">Where misses go.</param>
    /// <param name="redis">Null for memory only.</param>
    /// <param name="settings">Further environment variables.</param>
    public static async Task<ProxyProcess> StartAsync(Uri origin, string? redis = null, IReadOnlyDictionary<string, string?>? settings = null)
    {
        var proxy = await LaunchAsync(origin, redis, settings);
        await proxy.WaitUntilReadyAsync();
        using var http = new HttpClient();
        await http.GetStringAsync(new Uri(proxy.AdminUrl, "metrics"));
        return proxy;
    }

    /// <summary>As <see cref="StartAsync"/>, but returns at once, neither ready nor scraped.</summary>
    public static Task<ProxyProcess> LaunchAsync(Uri origin, string? redis = null, IReadOnlyDictionary<string, string?>? settings = null) =>
        ProxyProcess.StartAsync(new ProxySettings
        {
            RoutesPath = WriteRoutes(origin),
            Redis = redis,
            Settings = settings ?? new Dictionary<string, string?>(),
            Prefix = Pinning.Server,
            WaitUntilReady = false,
        });

    /// <summary>How many requests had a result so far, from <c>/metrics</c>.</summary>
    public static Task<double> CountAsync(ProxyProcess proxy, string result) =>
        SumAsync(proxy, l => l.StartsWith("cacheproxy_requests_total{", StringComparison.Ordinal) && l.Contains($"result=\"{result}\"", StringComparison.Ordinal));

    /// <summary>A gauge without labels.</summary>
    public static Task<double> GaugeAsync(ProxyProcess proxy, string name) => SumAsync(proxy, l => l.StartsWith(name + " ", StringComparison.Ordinal));

    private static async Task<double> SumAsync(ProxyProcess proxy, Func<string, bool> isMeant)
    {
        using var http = new HttpClient();
        var text = await http.GetStringAsync(new Uri(proxy.AdminUrl, "metrics"));
        return text.Split('\n').Where(isMeant).Sum(l => double.Parse(l[(l.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture));
    }

    // Without the access check: what it costs is another question, and bare, nginx and Varnish ask nobody either.
    private static string WriteRoutes(Uri origin)
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("cacheproxy-bench-").FullName, "routes.json");
        File.WriteAllText(path, $$"""
            {
              "ReverseProxy": {
                "Routes": {
                  "metrics": { "ClusterId": "models", "OutputCachePolicy": "model-metrics", "Match": { "Path": "/api/v1/models/train/{model_run_id}/metrics" } },
                  "rest": { "ClusterId": "models", "Match": { "Path": "/{**rest}" } }
                },
                "Clusters": { "models": { "Destinations": { "backend": { "Address": "{{origin}}" } } } }
              },
              "CachePolicies": {
                "model-metrics": { "Key": "model:metrics:{model_run_id|uuid}", "Ttl": "Long", "Tags": [ "model:{model_run_id|uuid}" ] }
              }
            }
            """);
        return path;
    }
}
