using System.Diagnostics;
using System.Net;
using CacheProxy.Tests.Hosting;

namespace CacheProxy.Tests.Management;

public sealed class MetricsPageTests
{
    [Fact]
    public async Task Metrics_InTheClassicForm_PassPromtool()
    {
        await using var proxy = await TestProxy.StartAsync();
        await proxy.Operators.GetStringAsync("/metrics");
        using var response = await proxy.Operators.GetAsync("/metrics");
        var text = await response.Content.ReadAsStringAsync();
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Contains("cacheproxy_build_info{version=", text, StringComparison.Ordinal);
        Assert.Contains("cacheproxy_memory_bytes 1572864", text, StringComparison.Ordinal);
        Assert.Contains("process_cpu_seconds_total", text, StringComparison.Ordinal);
        Assert.DoesNotContain("# EOF", text, StringComparison.Ordinal);
        Assert.DoesNotContain("microsoft_aspnetcore", text, StringComparison.Ordinal);
        Assert.True(text.Length < 100_000);
        Assert.Equal("", await PromtoolAsync(text));
    }

    [Fact]
    public async Task Metrics_AskedForAsOpenMetrics_EndWithEof()
    {
        await using var proxy = await TestProxy.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.TryAddWithoutValidation("Accept", "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1");
        using var response = await proxy.Operators.SendAsync(request);
        Assert.StartsWith("application/openmetrics-text; version=1.0.0", response.Content.Headers.ContentType!.ToString(), StringComparison.Ordinal);
        Assert.EndsWith("# EOF\n", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_AfterStrangeRequests_HaveAsManySeries()
    {
        await using var proxy = await TestProxy.StartAsync();
        await proxy.Operators.GetStringAsync("/metrics");
        var before = Series(await proxy.Operators.GetStringAsync("/metrics"));
        for (var i = 0; i < 200; i++)
        {
            using var request = new HttpRequestMessage(new($"BREW{i}"), $"/{i}") { Headers = { Host = $"h{i}.test" } };
            await proxy.Clients.SendAsync(request);
        }

        var texts = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => proxy.Operators.GetStringAsync("/metrics")));
        Assert.All(texts, text => Assert.Equal(before, Series(text)));
    }

    [Fact]
    public async Task Metrics_OnTheClientsListener_GoToTheBackend()
    {
        await using var proxy = await TestProxy.StartAsync();
        Assert.StartsWith("backend", await proxy.Clients.GetStringAsync("/metrics"), StringComparison.Ordinal);
        using var post = await proxy.Operators.PostAsync("/metrics", null);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, post.StatusCode);
    }

    private static int Series(string text) => text.Split('\n').Count(line => line.Length > 0 && line[0] != '#');

    private static async Task<string> PromtoolAsync(string text)
    {
        using var promtool = Process.Start(new ProcessStartInfo("promtool", ["check", "metrics"]) { RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true })!;
        await promtool.StandardInput.WriteAsync(text);
        promtool.StandardInput.Close();
        var said = await promtool.StandardError.ReadToEndAsync() + await promtool.StandardOutput.ReadToEndAsync();
        await promtool.WaitForExitAsync();

        // What prometheus-net calls its own process metrics is not ours to choose.
        var ours = said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith("process_", StringComparison.Ordinal) && !line.StartsWith("dotnet_", StringComparison.Ordinal));
        return string.Join('\n', ours);
    }
}
