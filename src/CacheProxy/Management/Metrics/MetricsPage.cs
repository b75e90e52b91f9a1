using CacheProxy.Engine.Telemetry;
using Microsoft.Extensions.Primitives;
using Prometheus;

namespace CacheProxy.Management.Metrics;

/// <summary>
/// <c>/metrics</c> on the operators' listener, in the classic text form or, for who asks for it, in OpenMetrics. It is written whole before
/// the head goes out, so that a failing collector is an error and never a scrape cut short.
/// </summary>
internal sealed class MetricsPage
{
    private const string OpenMetrics = "application/openmetrics-text";

    private readonly CollectorRegistry _registry;

    public MetricsPage(CollectorRegistry registry, CacheMetrics metrics, ICacheStatistics statistics, BuildVersion version)
    {
        _registry = registry;
        metrics.BuildInfo.WithLabels(version.Text).Set(1);
        registry.AddBeforeCollectCallback(() =>
        {
            metrics.MemoryBytes.Set(statistics.MemoryBytes);
            metrics.MemoryEntries.Set(statistics.MemoryEntries);
        });
    }

    public async Task ShowAsync(HttpContext context)
    {
        var open = Accepts(context.Request.Headers.Accept);
        using var buffer = new MemoryStream();
        await _registry.CollectAndExportAsTextAsync(buffer, open ? ExpositionFormat.OpenMetricsText : ExpositionFormat.PrometheusText, context.RequestAborted);
        context.Response.ContentType = open ? OpenMetrics + "; version=1.0.0; charset=utf-8" : "text/plain; version=0.0.4; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentLength = buffer.Length;
        await context.Response.Body.WriteAsync(buffer.GetBuffer().AsMemory(0, (int)buffer.Length), context.RequestAborted);
    }

    private static bool Accepts(StringValues accept)
    {
        foreach (var value in accept)
            if (value is not null && value.Contains(OpenMetrics, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }
}
