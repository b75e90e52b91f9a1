using CacheProxy.Engine.Caching;
using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Storage;
using CacheProxy.Engine.Telemetry;
using CacheProxy.Engine.Tests.Policies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Prometheus;

namespace CacheProxy.Engine.Tests.Caching;

/// <summary>The engine on a real server at a free port, over a scripted origin and a clock that the test turns.</summary>
internal sealed class CacheHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly SocketsHttpHandler _connections = new() { AllowAutoRedirect = false, UseCookies = false };

    private CacheHost(WebApplication app, ScriptedOrigin origin, FakeTimeProvider time)
    {
        _app = app;
        Origin = origin;
        Time = time;
        Client = new HttpClient(_connections) { BaseAddress = new Uri(app.Urls.Single()) };
    }

    /// <summary>RFC 9111 and nothing else.</summary>
    public static CachePolicyConfig ByOrigin { get; } = new() { Name = "origin", Ttl = "Origin" };

    public ScriptedOrigin Origin { get; }

    public FakeTimeProvider Time { get; }

    public HttpClient Client { get; }

    public IInvalidationLog Log => _app.Services.GetRequiredService<IInvalidationLog>();

    public MemoryTier Memory => _app.Services.GetRequiredService<MemoryTier>();

    public CacheMetrics Metrics => _app.Services.GetRequiredService<CacheMetrics>();

    /// <param name="policy">Of the only route; RFC 9111 without one.</param>
    /// <param name="options">The bounds.</param>
    /// <param name="before">A step before all of the engine's.</param>
    /// <param name="shared">Where the shared tier keeps what it has; none without one.</param>
    /// <param name="replicas">How fills of several replicas wait for each other; not at all without one.</param>
    public static async Task<CacheHost> StartAsync(
        CachePolicyConfig? policy = null, CacheEngineOptions? options = null, Action<IApplicationBuilder>? before = null, IOutputCacheBufferStore? shared = null,
        IFillLock? replicas = null)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 25, 12, 0, 0, TimeSpan.Zero));
        var origin = new ScriptedOrigin(time);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.Services.AddSingleton<IMetricFactory>(Prometheus.Metrics.WithCustomRegistry(Prometheus.Metrics.NewCustomRegistry()));
        builder.Services.AddSingleton<IOrigin>(origin);
        builder.Services.AddSingleton<IInvalidationLog>(provider => new LocalInvalidationLog(
            provider.GetRequiredService<CacheMetrics>(), time, provider.GetRequiredService<ILogger<LocalInvalidationLog>>()));
        if (shared is not null)
        {
            builder.Services.AddSingleton(provider => new SharedTierBreaker(
                static _ => Task.CompletedTask, provider.GetRequiredService<CacheMetrics>(), time, provider.GetRequiredService<ILogger<SharedTierBreaker>>()));
            builder.Services.AddSingleton(provider => new SharedTier(
                shared, provider.GetRequiredService<SharedTierBreaker>(), new SharedTierOptions(), provider.GetRequiredService<CacheMetrics>(), time,
                provider.GetRequiredService<ILogger<SharedTier>>()));
        }
        if (replicas is not null) builder.Services.AddSingleton(replicas);
        builder.Services.AddCacheEngine(options ?? new CacheEngineOptions { Memory = new MemoryOptions { Limit = 64 << 20 } });
        var app = builder.Build();
        before?.Invoke(app);
        app.UseTargetMemo();
        app.UseRouting();
        app.UseCacheEngine();
        app.Map("/{**rest}", origin.PassAsync).WithMetadata(PolicyRequests.Compile(policy ?? ByOrigin), TargetDecidesRoute.Mark);
        await app.StartAsync();
        return new CacheHost(app, origin, time);
    }

    /// <summary>Sends a request and reads its answer to the end.</summary>
    /// <param name="target">Path and query.</param>
    /// <param name="fields">Header fields as <c>Name: value</c>.</param>
    public Task<Answered> GetAsync(string target = "/a", params string[] fields) => SendAsync(HttpMethod.Get, target, fields);

    public async Task<Answered> SendAsync(HttpMethod method, string target, params string[] fields)
    {
        using var request = new HttpRequestMessage(method, target);
        foreach (var field in fields)
        {
            var colon = field.IndexOf(':', StringComparison.Ordinal);
            request.Headers.TryAddWithoutValidation(field[..colon], field[(colon + 1)..].Trim());
        }
        using var response = await Client.SendAsync(request);
        return new Answered((int)response.StatusCode, await response.Content.ReadAsStringAsync(), response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated)
            .ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase));
    }

    public Task PurgeAsync(string key, InvalidationMode mode = InvalidationMode.Hard) =>
        Log.AppendAsync(new() { Patterns = [key], Mode = mode }, InvalidationSource.Operator, null, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        _connections.Dispose();
        await _app.DisposeAsync();
    }
}

/// <summary>What a client got.</summary>
internal sealed record Answered(int Status, string Body, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary><c>X-Cache</c>.</summary>
    public string Cache => this["X-Cache"];

    public string this[string name] => Headers.GetValueOrDefault(name, "");
}
