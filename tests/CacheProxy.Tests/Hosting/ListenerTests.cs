using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using CacheProxy.Engine.Telemetry;
using CacheProxy.Hosting;
using CacheProxy.Hosting.Listeners;
using CacheProxy.Hosting.Shutdown;
using CacheProxy.Management;
using CacheProxy.Tests.Management;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CacheProxy.Tests.Hosting;

public sealed class ListenerTests
{
    [Fact]
    public async Task OperatorsListener_ProxiesNothing_WhateverTheHost()
    {
        await using var proxy = await TestProxy.StartAsync();
        foreach (var (method, path) in ((string, string)[])[("POST", "/"), ("GET", "/api/v1/models/runs"), ("POST", "/x"), ("GET", "/healthz"), ("OPTIONS", "/x")])
        {
            using var request = new HttpRequestMessage(new(method), path) { Headers = { Host = proxy.Clients.BaseAddress!.Authority } };
            using var response = await proxy.Operators.SendAsync(request);
            Assert.Equal(path == "/" ? HttpStatusCode.MethodNotAllowed : HttpStatusCode.NotFound, response.StatusCode);
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        }

        Assert.Empty(proxy.Reached);
    }

    [Fact]
    public async Task ClientsListener_WithTheOperatorsHost_ShowsNothingOfTheirs()
    {
        await using var proxy = await TestProxy.StartAsync();
        foreach (var path in (string[])["/metrics", "/healthz/live", "/healthz/ready", "/"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Host = proxy.Operators.BaseAddress!.Authority } };
            using var response = await proxy.Clients.SendAsync(request);
            Assert.StartsWith("backend", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/_cache")]
    [InlineData("/_cache/")]
    [InlineData("/_cache/nothing")]
    [InlineData("/_CACHE/Invalidate")]
    [InlineData("/_cache%2finvalidate")]
    [InlineData("/_cache/%2e%2e/_cache/x")]
    [InlineData("/x/../_cache/x")]
    [InlineData("/api/v1/models/cache/stats/x")]
    [InlineData("/api/v1/models/cache/clear/")]
    public async Task Path_BelowOurs_NeverReachesTheBackend(string path)
    {
        await using var proxy = await TestProxy.StartAsync();
        var answer = await RawClient.SendAsync(proxy.Clients.BaseAddress!, $"GET {path} HTTP/1.1\r\nHost: h.test\r\nConnection: close\r\n\r\n");
        Assert.Matches("^HTTP/1.1 40[1345]", answer);
        Assert.Contains("urn:cacheproxy:", answer, StringComparison.Ordinal);
        Assert.Empty(proxy.Reached);
    }

    [Theory]
    [InlineData("/_cachet")]
    [InlineData("/api/v1/models/cache")]
    [InlineData("/api/v1/models/cache/statistics")]
    public async Task Path_BesideOurs_ReachesTheBackend(string path)
    {
        await using var proxy = await TestProxy.StartAsync();
        Assert.StartsWith("backend", await proxy.Clients.GetStringAsync(path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Management_OnTheAdminListenerOnly_LeavesEventsToClients()
    {
        await using var proxy = await TestProxy.StartAsync(new() { ["Management:Listeners"] = "Admin", ["Management:Prefix"] = "/ops" });
        Assert.Equal(HttpStatusCode.NotFound, (await proxy.Clients.SendAsync(Tokens.Request("DELETE", "/api/v1/models/cache/clear", Tokens.Valid))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await proxy.Clients.SendAsync(Tokens.Request("PURGE", "/x", Tokens.Valid))).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await proxy.Clients.PostAsync("/ops/events", new StringContent(""))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await proxy.Operators.SendAsync(Tokens.Request("DELETE", "/api/v1/models/cache/clear", Tokens.Valid))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await proxy.Clients.GetAsync("/_cache/x")).StatusCode);
        Assert.Single(proxy.Reached);
    }

    [Fact]
    public async Task Method_ThatAnEndpointDoesNotKnow_IsNotAllowed()
    {
        await using var proxy = await TestProxy.StartAsync();
        using var response = await proxy.Clients.PostAsync("/_cache/entry?key=a", null);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal(["GET", "DELETE"], response.Content.Headers.Allow.Order().Reverse());
    }

    [Fact]
    public async Task Http2Url_SpeaksHttp2WithoutTls_OnTheClientsSide()
    {
        await using var proxy = await TestProxy.StartAsync(new() { ["Http2Url"] = "http://127.0.0.1:0" });
        var address = proxy.App.Services.GetRequiredService<ListenerSet>().Addresses(ListenerRole.Clients)[1];
        using var client = new HttpClient { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var response = await client.GetAsync(address + "/metrics");
        Assert.Equal(HttpVersion.Version20, response.Version);
        Assert.StartsWith("backend", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task KestrelEndpoints_AreTakenInsteadOfUrls()
    {
        await using var proxy = await TestProxy.StartAsync(new()
        {
            ["Kestrel:Endpoints:Public:Url"] = "http://127.0.0.1:0",
            ["Kestrel:Endpoints:Admin:Url"] = "http://127.0.0.1:0",
        });
        Assert.Single(proxy.App.Services.GetRequiredService<ListenerSet>().Addresses(ListenerRole.Clients));
        Assert.StartsWith("backend", await proxy.Clients.GetStringAsync("/x"), StringComparison.Ordinal);
        Assert.Equal("ready\n", await proxy.Operators.GetStringAsync("/healthz/ready"));
    }

    [Fact]
    public async Task Localhost_IsBoundOnBothLoopbacks()
    {
        var port = FreePort();
        await using var proxy = await TestProxy.StartAsync(new() { ["Urls"] = $"http://localhost:{port}" });
        foreach (var host in (string[])["127.0.0.1", "[::1]"])
        {
            if (host[0] == '[' && !Socket.OSSupportsIPv6) continue;
            Assert.StartsWith("backend", await proxy.Clients.GetStringAsync($"http://{host}:{port}/x"), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("Urls", "127.0.0.1")]
    [InlineData("Urls", "localhost")]
    [InlineData("Admin:Url", "0.0.0.0")]
    public async Task Port_TakenByAnother_IsNamedWithWhatToDo(string setting, string host)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var url = $"http://{host}:{((IPEndPoint)other.LocalEndpoint).Port}";
        var said = await FailToStartAsync(setting, url);
        Assert.Contains($"could not start: {url} ({setting}) is taken", said, StringComparison.Ordinal);
        Assert.Contains($"--{setting} http://", said, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', said);
    }

    [Fact]
    public async Task Address_OfAnotherMachine_IsNamedWithWhatToDo()
    {
        var said = await FailToStartAsync("Urls", "http://203.0.113.5:7080");
        Assert.Contains("cannot listen on http://203.0.113.5:7080 (Urls)", said, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', said);
    }

    [Fact]
    public void Options_WithoutSettings_AreTheDefaults()
    {
        List<string> errors = [];
        var options = ListenerOptions.Read(new ConfigurationBuilder().Build(), errors);
        Assert.Equal(["http://localhost:7080", "http://127.0.0.1:7081"], options.Listeners.Select(listener => listener.Url));
        Assert.Equal([ListenerRole.Clients, ListenerRole.Operators], options.Listeners.Select(listener => listener.Role));
        Assert.Empty(errors);
    }

    [Theory]
    [InlineData("Urls", "localhost:7080")]
    [InlineData("Urls", "ftp://localhost")]
    [InlineData("Urls", "http://localhost:99999")]
    [InlineData("Urls", "http://localhost:7080/base")]
    [InlineData("Admin:Url", "7081")]
    [InlineData("Http2Url", "https://localhost:7082")]
    [InlineData("Kestrel:Endpoints:A:Url", "x")]
    public void Options_ThatAreNoAddress_AreNamed(string key, string value)
    {
        List<string> errors = [];
        ListenerOptions.Read(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { [key] = value }).Build(), errors);
        Assert.Contains($"{key} = '{value}'", Assert.Single(errors), StringComparison.Ordinal);
    }

    /// <summary>What an operator sees: our line, and no log line beside it.</summary>
    private static async Task<string> FailToStartAsync(string setting, string url)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Urls"] = "http://127.0.0.1:0", ["Admin:Url"] = "http://127.0.0.1:0", [setting] = url });
        ConcurrentQueue<string> lines = new();
        builder.Logging.ClearProviders().AddProvider(new QueueLoggerProvider(lines));
        List<string> errors = [];
        builder.AddHosting(errors);
        builder.Services.AddManagement(builder.Configuration, errors);
        builder.Services.AddSingleton<ICacheStatistics, TestStatistics>();
        using var error = new StringWriter();
        Assert.Equal(1, await builder.Build().RunToEndAsync(error));
        Assert.Empty(lines);
        return error.ToString().TrimEnd();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
