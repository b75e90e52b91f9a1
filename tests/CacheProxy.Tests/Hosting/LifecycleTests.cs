using System.Net;
using System.Text.Json;
using CacheProxy.Hosting.Logs;
using CacheProxy.Hosting.Requests;
using CacheProxy.Hosting.Shutdown;
using CacheProxy.Management;
using CacheProxy.Management.Authentication;
using CacheProxy.Management.Events;
using CacheProxy.Tests.Management;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace CacheProxy.Tests.Hosting;

public sealed class LifecycleTests
{
    [Fact]
    public async Task Drain_TurnsReadinessRedFirst_AndStopsAfterTheDelay()
    {
        var time = new FakeTimeProvider();
        await using var proxy = await TestProxy.StartAsync(new() { ["Shutdown:Delay"] = "5s" }, time: time);
        var application = proxy.App.Services.GetRequiredService<IHostApplicationLifetime>();
        Assert.Equal("ready\n", await proxy.Operators.GetStringAsync("/healthz/ready"));

        var slow = proxy.Clients.GetStringAsync("/slow");
        await Poll.UntilAsync(() => !proxy.Reached.IsEmpty);
        Lifetime(proxy).Drain(skipDelay: false);
        using var ready = await proxy.Operators.GetAsync("/healthz/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal("draining\n", await ready.Content.ReadAsStringAsync());
        Assert.Equal("live\n", await proxy.Operators.GetStringAsync("/healthz/live"));
        Assert.StartsWith("backend", await proxy.Clients.GetStringAsync("/x"), StringComparison.Ordinal);
        Assert.False(application.ApplicationStopping.IsCancellationRequested);

        time.Advance(TimeSpan.FromSeconds(5));
        Assert.True(application.ApplicationStopping.IsCancellationRequested);
        var stopping = proxy.App.StopAsync();
        proxy.Slow.SetResult();
        Assert.StartsWith("backend", await slow, StringComparison.Ordinal);
        await stopping.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
    }

    [Fact]
    public async Task Drain_AskedTwice_SkipsTheDelay()
    {
        await using var proxy = await TestProxy.StartAsync(new() { ["Shutdown:Delay"] = "10m" });
        var application = proxy.App.Services.GetRequiredService<IHostApplicationLifetime>();
        Lifetime(proxy).Drain(skipDelay: false);
        Assert.False(application.ApplicationStopping.IsCancellationRequested);
        Lifetime(proxy).Drain(skipDelay: false);
        Assert.True(application.ApplicationStopping.IsCancellationRequested);
    }

    [Fact]
    public async Task Start_SaysWhereItListensAndWithWhat()
    {
        await using var proxy = await TestProxy.StartAsync();
        Assert.Contains(proxy.Lines, line => line.Contains($"listens on {proxy.Clients.BaseAddress!.ToString().TrimEnd('/')} (clients)", StringComparison.Ordinal));
        Assert.Contains(proxy.Lines, line => line.Contains("1 secret(s)", StringComparison.Ordinal) && line.Contains(Tokens.Issuer, StringComparison.Ordinal));
        Assert.DoesNotContain(proxy.Lines, line => line.Contains(TestProxy.Secret[6..], StringComparison.Ordinal) || line.Contains(Convert.ToBase64String(TestProxy.Key), StringComparison.Ordinal));
    }

    [Fact]
    public async Task AccessLog_On_WritesOneJsonLineWithoutTheQuery()
    {
        await using var proxy = await TestProxy.StartAsync(new() { ["AccessLog"] = "On" });
        await proxy.Clients.GetStringAsync("/x\"y?token=secret");
        var line = Assert.Single(proxy.Lines, line => line.Contains("AccessLog", StringComparison.Ordinal));
        Assert.StartsWith("Information ", line, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", line, StringComparison.Ordinal);
        var json = JsonDocument.Parse(line[line.IndexOf('{', StringComparison.Ordinal)..]).RootElement;
        Assert.Equal(("GET", "/x\"y", 200, "clients"), (json.GetProperty("method").GetString(), json.GetProperty("path").GetString(), json.GetProperty("status").GetInt32(), json.GetProperty("listener").GetString()));
    }

    [Fact]
    public async Task Clients_ThatLeave_AreNoFaultOfOurs()
    {
        await using var proxy = await TestProxy.StartAsync();
        for (var i = 0; i < 50; i++)
        {
            using var gone = new CancellationTokenSource();
            var request = proxy.Clients.GetStringAsync("/slow", gone.Token);
            await Poll.UntilAsync(() => proxy.Reached.Count == i + 1);
            await gone.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        }

        proxy.Slow.SetResult();
        Assert.StartsWith("backend", await proxy.Clients.GetStringAsync("/x"), StringComparison.Ordinal);
        Assert.DoesNotContain(proxy.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal) || line.StartsWith("Error", StringComparison.Ordinal));
        Assert.DoesNotContain(proxy.Lines, line => line.Contains("Hosting.Diagnostics", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(null, "https", "backend 127.0.0.1", "http://h.test/x")]
    [InlineData("127.0.0.0/8", "https", "backend 203.0.113.7", "https://public.test/x")]
    [InlineData("127.0.0.1", "HTTPS", "backend 203.0.113.7", "https://public.test/x")]
    [InlineData("127.0.0.1", "https, http", "backend 203.0.113.7", "http://public.test/x")]
    [InlineData("127.0.0.1", "junk", "backend 203.0.113.7", "http://public.test/x")]
    [InlineData("10.0.0.0/8,::1", "https", "backend 127.0.0.1", "http://h.test/x")]
    public async Task ForwardedHeaders_AreBelievedFromKnownNetworksOnly(string? known, string proto, string body, string reached)
    {
        await using var proxy = await TestProxy.StartAsync(new() { ["ForwardedHeaders:KnownNetworks"] = known });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/x") { Headers = { Host = "h.test" } };
        request.Headers.TryAddWithoutValidation("X-Forwarded-Proto", proto);
        request.Headers.TryAddWithoutValidation("X-Forwarded-Host", "public.test");
        request.Headers.TryAddWithoutValidation("X-Forwarded-For", "198.51.100.1, 203.0.113.7");
        request.Headers.TryAddWithoutValidation("Forwarded", "for=evil");
        using var response = await proxy.Clients.SendAsync(request);
        Assert.Equal(body, await response.Content.ReadAsStringAsync());
        Assert.Equal("GET " + reached, Assert.Single(proxy.Reached));
        Assert.DoesNotContain("forwarded", response.Headers.GetValues("X-Headers").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void Options_ThatAreWrong_AreAllNamedAtOnce()
    {
        var configuration = Configure(new()
        {
            ["Shutdown:Delay"] = "5",
            ["Shutdown:Timeout"] = "1h",
            ["AccessLog"] = "maybe",
            ["ForwardedHeaders:KnownNetworks"] = "10.0.0.0/40",
            ["Management:Listeners"] = "Some",
            ["Management:RequireScopes"] = "1",
            ["Management:Prefix"] = "/",
            ["Webhooks:Secrets:0"] = "whsec_short",
            ["Webhooks:Secrets:1"] = Convert.ToBase64String(TestProxy.Key),
            ["Authentication:Schemes:Bearer:SigningKeys:0:Value"] = Convert.ToBase64String(new byte[16]),
            ["Authentication:Schemes:Bearer:SigningKeys:1:Value"] = Convert.ToBase64String(TestProxy.Key),
            ["Authentication:Schemes:Bearer:SigningKeys:1:Issuer"] = "other",
            ["Authentication:Schemes:Bearer:SigningKeys:2:Value"] = Convert.ToBase64String(TestProxy.Key),
        });
        List<string> errors = [];
        ShutdownOptions.Read(configuration, errors);
        AccessLogOptions.Read(configuration, errors);
        ForwardedOptions.Read(configuration, errors);
        ManagementOptions.Read(configuration, errors);
        WebhookOptions.Read(configuration, errors);
        BearerOptions.Read(configuration, errors);
        string[] expected =
        [
            "Shutdown:Delay = '5'", "Shutdown:Timeout = '1h'", "AccessLog = 'maybe'", "ForwardedHeaders:KnownNetworks has '10.0.0.0/40'", "Management:Listeners = 'Some'",
            "Management:RequireScopes = '1'", "Management:Prefix = '/'", "Webhooks:Secrets:0 ", "Webhooks:Secrets:1 ", "SigningKeys:0:Value", "SigningKeys:1:Issuer = 'other'",
            "ValidAudiences is empty", "ValidIssuer is missing",
        ];
        Assert.All(expected, text => Assert.Contains(errors, error => error.Contains(text, StringComparison.Ordinal)));
        Assert.Equal(expected.Length, errors.Count);
        Assert.DoesNotContain(errors, error => error.Contains(Convert.ToBase64String(TestProxy.Key), StringComparison.Ordinal));
    }

    private static DrainingLifetime Lifetime(TestProxy proxy) => (DrainingLifetime)proxy.App.Services.GetRequiredService<IHostLifetime>();

    private static IConfiguration Configure(Dictionary<string, string?> settings) => new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
}
