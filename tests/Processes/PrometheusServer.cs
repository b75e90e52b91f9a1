using System.Globalization;
using System.Text.Json;
using Launcher;

namespace Processes;

/// <summary>A <c>prometheus</c> on a free port of 127.0.0.1 that scrapes one target each second.</summary>
public sealed class PrometheusServer : RunningProcess
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly HttpClient _http;

    private PrometheusServer(ChildProcess child, Uri url) : base(child) => _http = new HttpClient { BaseAddress = url };

    /// <summary>Whether this machine has one; tests that need it are skipped otherwise.</summary>
    public static bool IsInstalled { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator).Any(static folder => File.Exists(Path.Combine(folder, "prometheus")));

    /// <param name="target">Host and port of what it scrapes, as job <c>cacheproxy</c>.</param>
    /// <param name="rules">A file of rules.</param>
    public static async Task<PrometheusServer> StartAsync(string target, string rules)
    {
        var port = Ports.Free();
        var folder = Directory.CreateTempSubdirectory("cacheproxy-prometheus-").FullName;
        var file = Path.Combine(folder, "prometheus.yml");
        await File.WriteAllTextAsync(file, $$"""
            global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
            rule_files: [ "{{rules}}" ]
            scrape_configs:
              - job_name: cacheproxy
                static_configs: [ { targets: [ "{{target}}" ] } ]

            """);
        var url = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        var child = ChildProcess.Start(
            $"prometheus on port {port}", ["prometheus", $"--config.file={file}", $"--storage.tsdb.path={folder}/data", $"--web.listen-address={url.Authority}"],
            new Dictionary<string, string?>(), LogFile("prometheus"), folder);
        await Readiness.WaitAsync(child, new Uri(url, "-/ready").ToString(), Limit, TimeProvider.System, CancellationToken.None);
        return new PrometheusServer(child, url);
    }

    /// <summary>The <c>data</c> of an answer that says that all went well.</summary>
    /// <exception cref="HttpRequestException">It does not.</exception>
    public async Task<JsonElement> GetAsync(string target)
    {
        using var document = JsonDocument.Parse(await _http.GetStringAsync(new Uri(target, UriKind.Relative)));
        return document.RootElement.GetProperty("data").Clone();
    }

    /// <summary>The value of the first series of a query; null without any.</summary>
    public async Task<double?> ValueAsync(string query)
    {
        var result = (await GetAsync("/api/v1/query?query=" + Uri.EscapeDataString(query))).GetProperty("result");
        return result.GetArrayLength() == 0 ? null : double.Parse(result[0].GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture);
    }
}
