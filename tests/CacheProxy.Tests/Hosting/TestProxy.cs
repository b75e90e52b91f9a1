using System.Collections.Concurrent;
using CacheProxy.Engine.Caching;
using CacheProxy.Engine.Caching.Explaining;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Storage;
using CacheProxy.Engine.Telemetry;
using CacheProxy.Hosting;
using CacheProxy.Hosting.Listeners;
using CacheProxy.Management;
using CacheProxy.Management.Events;
using CacheProxy.Tests.Management;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Prometheus;

namespace CacheProxy.Tests.Hosting;

/// <summary>The rooms Hosting and Management on a real Kestrel with free ports, and where the cache and YARP would be, a backend that counts.</summary>
internal sealed class TestProxy : IAsyncDisposable
{
    /// <summary>V1's secret of the published vectors.</summary>
    public const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    public static readonly byte[] Key = Enumerable.Range(1, 32).Select(i => (byte)i).ToArray();

    private TestProxy(WebApplication app, TestLog log, TestCatalog catalog, TestStatistics statistics, ConcurrentQueue<string> lines)
    {
        (App, Log, Catalog, Statistics, Lines) = (app, log, catalog, statistics, lines);
        var listeners = app.Services.GetRequiredService<ListenerSet>();
        Clients = new() { BaseAddress = new(listeners.Addresses(ListenerRole.Clients)[0]) };
        Operators = new() { BaseAddress = new(listeners.Addresses(ListenerRole.Operators)[0]) };
    }

    public WebApplication App { get; }

    public TestLog Log { get; }

    public TestCatalog Catalog { get; }

    public TestStatistics Statistics { get; }

    public ConcurrentQueue<string> Lines { get; }

    public HttpClient Clients { get; }

    public HttpClient Operators { get; }

    /// <summary>Requests that got as far as the backend.</summary>
    public ConcurrentQueue<string> Reached { get; } = new();

    /// <summary>What the backend does with <c>/slow</c> before it answers.</summary>
    public TaskCompletionSource Slow { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static async Task<TestProxy> StartAsync(
        Dictionary<string, string?>? settings = null, Action<IServiceCollection>? services = null, TimeProvider? time = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Urls"] = "http://127.0.0.1:0",
            ["Admin:Url"] = "http://127.0.0.1:0",
            ["Webhooks:Secrets:0"] = Secret,
            ["Authentication:Schemes:Bearer:ValidIssuer"] = Tokens.Issuer,
            ["Authentication:Schemes:Bearer:ValidAudiences:0"] = Tokens.Audience,
            ["Authentication:Schemes:Bearer:SigningKeys:0:Issuer"] = Tokens.Issuer,
            ["Authentication:Schemes:Bearer:SigningKeys:0:Value"] = Convert.ToBase64String(Key),
        });
        builder.Configuration.AddInMemoryCollection(settings);
        ConcurrentQueue<string> lines = new();
        builder.Logging.ClearProviders().AddProvider(new QueueLoggerProvider(lines));
        if (time is not null) builder.Services.AddSingleton(time);
        List<string> errors = [];
        builder.AddHosting(errors);
        builder.Services.AddMetricsRegistry().AddManagement(builder.Configuration, errors);
        Assert.Empty(errors);
        var (log, catalog, statistics) = (new TestLog(), new TestCatalog(), new TestStatistics());
        builder.Services
            .AddSingleton<CacheMetrics>(provider => new(provider.GetRequiredService<IMetricFactory>()))
            .AddSingleton<IInvalidationLog>(log).AddSingleton<IEntryCatalog>(catalog).AddSingleton<ICacheStatistics>(statistics)
            .AddSingleton<ITargetNames, TestTargetNames>().AddSingleton<IExplainer, TestExplainer>().AddSingleton<LocalInvalidationLog>()
            .AddSingleton<IModeSwitch>(provider => provider.GetRequiredService<LocalInvalidationLog>()).AddSingleton<EventMapper>(TestEvents.TryMap);
        services?.Invoke(builder.Services);
        var app = builder.Build();
        TestProxy? proxy = null;
        app.UseHosting().UseManagement();
        app.Run(context => proxy!.AnswerAsync(context));
        await app.StartAsync();
        return proxy = new(app, log, catalog, statistics, lines);
    }

    public async ValueTask DisposeAsync()
    {
        Slow.TrySetResult();
        Clients.Dispose();
        Operators.Dispose();
        await App.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        Reached.Enqueue($"{context.Request.Method} {context.Request.Scheme}://{context.Request.Host}{context.Request.Path}");
        context.Response.Headers["X-Headers"] = string.Join(',', context.Request.Headers.Select(header => header.Key.ToLowerInvariant()));
        if (context.Request.Path == "/slow") await Slow.Task;
        if (context.Request.Path == "/throw") throw new InvalidOperationException("a fault of ours");
        if (context.Request.Path == "/read") await context.Request.Body.CopyToAsync(Stream.Null);
        await context.Response.WriteAsync($"backend {context.Connection.RemoteIpAddress}");
    }
}
