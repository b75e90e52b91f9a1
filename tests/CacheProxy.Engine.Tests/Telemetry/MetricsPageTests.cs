using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CacheProxy.Engine.Telemetry;
using Prometheus;

namespace CacheProxy.Engine.Tests.Telemetry;

/// <summary>Documentation, alerts and dashboard are held against the table of metrics.</summary>
public sealed partial class MetricsPageTests
{
    [Fact]
    public async Task MetricsPage_EveryMetric_IsDocumentedAndNoOther()
    {
        var real = await RegisteredAsync();
        var documented = Row().Matches(await File.ReadAllTextAsync(Path.Combine(Root(), "docs/metrics.md"))).Select(m => m.Groups[1].Value);

        Assert.Equal(real.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task AlertRules_EveryMetricThatTheyName_Exists()
    {
        var real = await RegisteredAsync();
        var rules = await File.ReadAllTextAsync(Path.Combine(Root(), "deploy/prometheus/alerts.yml"));
        var named = Name().Matches(rules).Select(m => Suffix().Replace(m.Value, "")).Distinct().ToList();

        Assert.NotEmpty(named);
        Assert.Empty(named.Except(real));
    }

    [Fact]
    public async Task Dashboard_EveryExpression_NamesMetricsThatExistAndEveryMetricHasOne()
    {
        var real = await RegisteredAsync();
        using var dashboard = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(Root(), "deploy/grafana/dashboards/cacheproxy.json")));
        var expressions = dashboard.RootElement.GetProperty("panels").EnumerateArray()
            .Where(static panel => panel.TryGetProperty("targets", out _)).SelectMany(static panel => panel.GetProperty("targets").EnumerateArray())
            .Select(static target => target.GetProperty("expr").GetString()!)
            .Concat(dashboard.RootElement.GetProperty("templating").GetProperty("list").EnumerateArray()
                .Where(static variable => variable.GetProperty("type").GetString() == "query").Select(static variable => variable.GetProperty("query").GetProperty("query").GetString()!))
            .Select(static expression => Name().Matches(expression).Select(static match => Suffix().Replace(match.Value, "")).ToList()).ToList();

        Assert.All(expressions, names => Assert.Empty(names.Except(real)));
        Assert.All(expressions, Assert.NotEmpty);
        Assert.Empty(real.Except(expressions.SelectMany(static names => names)));
    }

    private static async Task<List<string>> RegisteredAsync()
    {
        var registry = Metrics.NewCustomRegistry();
        _ = new CacheMetrics(Metrics.WithCustomRegistry(registry));
        using var page = new MemoryStream();
        await registry.CollectAndExportAsTextAsync(page);
        return [.. Help().Matches(Encoding.UTF8.GetString(page.ToArray())).Select(m => m.Groups[1].Value)];
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Playground.sln")))
            folder = folder.Parent;
        return folder.FullName;
    }

    [GeneratedRegex(@"^# HELP (\S+)", RegexOptions.Multiline)]
    private static partial Regex Help();

    [GeneratedRegex(@"^\| `(cacheproxy_\w+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    // A colon makes it the name of a recording rule.
    [GeneratedRegex(@"\bcacheproxy_\w+\b(?!:)")]
    private static partial Regex Name();

    [GeneratedRegex("_bucket$")]
    private static partial Regex Suffix();
}
