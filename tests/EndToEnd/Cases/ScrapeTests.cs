using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using EndToEnd.Wire;
using Processes;

namespace EndToEnd.Cases;

/// <summary>The metrics page as scrapers read it, after traffic of every kind (CASES 24): whole, small, with as many series as before, and true.</summary>
public sealed class ScrapeTests(ScrapeTests.Rig rig) : IClassFixture<ScrapeTests.Rig>
{
    private const string OpenMetrics = "Accept: application/openmetrics-text;version=1.0.0";
    private const int LargestPage = 100_000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("Accept: text/plain;version=0.0.4", false)]
    [InlineData("Accept: */*", false)]
    [InlineData("", false)]
    [InlineData("Accept: text/plain;version=0.0.4\r\nAccept-Encoding: gzip", false)]
    [InlineData(OpenMetrics, true)]
    [InlineData(OpenMetrics + "\r\nAccept-Encoding: gzip", true)]
    public async Task Page_InEveryForm_IsWholeAndParses(string fields, bool open)
    {
        await MixAsync(40);
        var reply = await PageAsync(fields);
        var lines = Text(reply).Split('\n');

        Assert.True(reply is { Status: 200, IsComplete: true } && reply.Body.Length < LargestPage, reply.Head);
        Assert.StartsWith(open ? "application/openmetrics-text" : "text/plain", reply["Content-Type"], StringComparison.Ordinal);
        Assert.Equal(open, lines[^2] == "# EOF");
        if (!open) Assert.DoesNotContain(lines, static line => line[..Math.Max(0, line.IndexOf('#', StringComparison.Ordinal))].Length > 0 && line.Contains(" # {", StringComparison.Ordinal));
        // Two families that differ in _total alone are one to a reader of the open form.
        var families = lines.Where(static line => line.StartsWith("# TYPE ", StringComparison.Ordinal)).Select(static line => line.Split(' ')[2]).ToList();
        Assert.Equal(families.Count, families.Select(static name => name.EndsWith("_total", StringComparison.Ordinal) ? name[..^6] : name).Distinct().Count());
        foreach (var line in lines.Where(static line => line.Length > 0 && line[0] != '#')) Assert.True(double.TryParse(Value(line), CultureInfo.InvariantCulture, out _), line);
    }

    [Fact]
    public async Task Page_AfterRandomTraffic_HasAsManySeriesAndNoCounterFalls()
    {
        await MixAsync(60);
        var before = Series(await PageAsync(""));

        await MixAsync(2_000);
        var after = await ProxyRig.AllAsync(20, async _ => Series(await PageAsync("")));

        foreach (var page in after)
        {
            Assert.Equal(before.Keys.Order(StringComparer.Ordinal), page.Keys.Order(StringComparer.Ordinal));
            foreach (var (name, value) in before.Where(static series => series.Key.Split('{')[0].EndsWith("_total", StringComparison.Ordinal) || series.Key.Split('{')[0].EndsWith("_count", StringComparison.Ordinal)))
                Assert.True(page[name] >= value, $"{name} fell from {value} to {page[name]}");
        }
    }

    /// <summary>The server that the page is for, with the rules that we ship: it takes every sample, and can evaluate every rule.</summary>
    [PrometheusFact]
    public async Task Prometheus_WithTheShippedRules_TakesThePageAndEvaluatesThem()
    {
        await using var prometheus = await PrometheusServer.StartAsync(rig.Proxy.AdminUrl.Authority, Path.Combine(Build.Root, "deploy/prometheus/alerts.yml"));
        await Poll.UntilAsync(
            async () =>
            {
                await MixAsync(20);
                return await prometheus.ValueAsync("""up{job="cacheproxy"}""") == 1 && await prometheus.ValueAsync("count_over_time(cacheproxy_memory_entries[1m])") >= 3;
            },
            Limit, () => $"Prometheus does not scrape us: {prometheus.Output}");

        Assert.True(await prometheus.ValueAsync("scrape_samples_scraped") > 50);
        Assert.True(await prometheus.ValueAsync("sum(cacheproxy_requests_total)") > 0);
        Assert.Equal(0, await prometheus.ValueAsync("sum(resets(cacheproxy_requests_total[1m]))"));
        var rules = (await prometheus.GetAsync("/api/v1/rules")).GetProperty("groups").EnumerateArray().SelectMany(static group => group.GetProperty("rules").EnumerateArray()).ToList();
        Assert.NotEmpty(rules);
        Assert.All(rules, static rule => Assert.NotEqual("err", rule.GetProperty("health").GetString()));
        foreach (var rule in rules) await prometheus.GetAsync("/api/v1/query?query=" + Uri.EscapeDataString(rule.GetProperty("query").GetString()!));
        // Unsigned events come in the mix, and nothing else is wrong.
        var firing = rules.Where(static rule => rule.TryGetProperty("state", out var state) && state.GetString() == "firing").Select(static rule => rule.GetProperty("name").GetString());
        Assert.Empty(firing.Except(["CacheProxyWebhooksRefused"]));
    }

    /// <summary>What the dashboard asks, with its variables as Grafana fills them in.</summary>
    [PrometheusFact]
    public async Task Prometheus_AskedByTheShippedDashboard_UnderstandsEveryExpression()
    {
        await using var prometheus = await PrometheusServer.StartAsync(rig.Proxy.AdminUrl.Authority, Path.Combine(Build.Root, "deploy/prometheus/alerts.yml"));
        using var dashboard = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(Build.Root, "deploy/grafana/dashboards/cacheproxy.json")));
        var expressions = dashboard.RootElement.GetProperty("panels").EnumerateArray()
            .Where(static panel => panel.TryGetProperty("targets", out _)).SelectMany(static panel => panel.GetProperty("targets").EnumerateArray())
            .Select(static target => target.GetProperty("expr").GetString()!.Replace("$__rate_interval", "1m", StringComparison.Ordinal)
                .Replace("$policy", ".*", StringComparison.Ordinal).Replace("$instance", ".*", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(expressions);
        foreach (var expression in expressions)
        {
            Assert.DoesNotContain('$', expression);
            await prometheus.GetAsync("/api/v1/query?query=" + Uri.EscapeDataString(expression));
        }
    }

    private Task<WireReply> PageAsync(string fields) => WireClient.AskAsync(rig.Proxy.AdminUrl, "/metrics", fields);

    /// <summary>Hits, misses, unknown methods, hosts, paths and events, and purges.</summary>
    private async Task MixAsync(int requests)
    {
        var token = $"Authorization: Bearer {ProxyProcess.OperatorToken()}";
        await ProxyRig.AllAsync(4, async reader =>
        {
            await using var client = await WireClient.ConnectAsync(rig.Url);
            for (var i = 0; i < requests / 4; i++)
            {
                var unique = string.Create(CultureInfo.InvariantCulture, $"{Guid.NewGuid():N}");
                var (method, target, fields, body) = (i % 10) switch
                {
                    0 => ("BREW", $"/ttl/{unique}", "", null),
                    1 => ("GET", $"/nowhere/{unique}", "", null),
                    2 => ("POST", "/_cache/events", $"webhook-id: {unique}", "{}"),
                    3 => ("POST", "/_cache/invalidate", $"Content-Type: application/json\r\n{token}", """{"keys":["item:none"]}"""),
                    4 => ("GET", $"/origin/{unique}?q={unique}", "", null),
                    5 => ("PURGE", $"/ttl/{unique}", token, null),
                    6 => ("POST", $"/json/{unique}", "Content-Type: application/json", $$"""{"id":"{{unique}}"}"""),
                    7 => ("GET", "/ttl/same", "", null),
                    8 => ("DELETE", $"/plain/{unique}", "", null),
                    _ => ("GET", $"/ttl/{unique}", $"X-Unique-{unique}: 1", (string?)null),
                };
                await client.SendAsync(WireClient.Request(rig.Url, target, fields, method, body).Replace($"Host: {rig.Url.Authority}", $"Host: {(i % 3 == 0 ? unique + ".test" : rig.Url.Authority)}", StringComparison.Ordinal));
                Assert.NotEqual(0, (await client.ReadAsync(method)).Status);
            }
            return 0;
        });
    }

    private static Dictionary<string, double> Series(WireReply page) => Text(page).Split('\n').Where(static line => line.StartsWith("cacheproxy_", StringComparison.Ordinal))
        .ToDictionary(static line => line[..line.LastIndexOf(' ')], static line => double.Parse(Value(line), CultureInfo.InvariantCulture), StringComparer.Ordinal);

    private static string Value(string line) => line[(line.LastIndexOf(' ') + 1)..] is var value && value is "+Inf" or "-Inf" or "NaN" ? "0" : value;

    private static string Text(WireReply reply)
    {
        if (reply["Content-Encoding"] is null) return reply.Text;
        using var reader = new StreamReader(new GZipStream(new MemoryStream(reply.Body), CompressionMode.Decompress), Encoding.UTF8);
        return reader.ReadToEnd();
    }

    public sealed class Rig : ProxyRig;
}
