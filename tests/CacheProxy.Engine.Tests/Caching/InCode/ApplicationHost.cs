using CacheProxy.Engine.Invalidation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Prometheus;

namespace CacheProxy.Engine.Tests.Caching.InCode;

/// <summary>
/// An application that takes the engine in as its users do: the stock registration and metadata, and <c>UseCacheEngine</c> for
/// <c>UseOutputCache</c>. On a real server, with a clock that the test turns.
/// </summary>
internal sealed class ApplicationHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly SocketsHttpHandler _connections = new() { AllowAutoRedirect = false, UseCookies = false };
    private int _answered;

    private ApplicationHost(WebApplication app, FakeTimeProvider time)
    {
        _app = app;
        Time = time;
        Client = new HttpClient(_connections);
    }

    public FakeTimeProvider Time { get; }

    public HttpClient Client { get; }

    /// <summary>How often an endpoint ran.</summary>
    public int Answered => Volatile.Read(ref _answered);

    public IOutputCacheStore Store => Get<IOutputCacheStore>();

    public T Get<T>() where T : notnull => _app.Services.GetRequiredService<T>();

    /// <param name="map">The endpoints; they tell the host when they run by <see cref="Count"/>.</param>
    /// <param name="policies">Named policies.</param>
    /// <param name="before">Middleware before the engine's.</param>
    /// <param name="services">More services.</param>
    public static async Task<ApplicationHost> StartAsync(
        Action<WebApplication, ApplicationHost> map, Action<OutputCacheOptions>? policies = null, Action<IApplicationBuilder>? before = null, Action<IServiceCollection>? services = null)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 26, 4, 0, 0, TimeSpan.Zero));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.Services.AddSingleton<IMetricFactory>(Metrics.WithCustomRegistry(Metrics.NewCustomRegistry()));
        builder.Services.AddOutputCache(policies ?? (static _ => { }));
        builder.Services.AddCacheEngine();
        services?.Invoke(builder.Services);
        var app = builder.Build();
        var host = new ApplicationHost(app, time);
        before?.Invoke(app);
        app.UseRouting();
        app.UseCacheEngine();
        map(app, host);
        await app.StartAsync();
        host.Client.BaseAddress = new Uri(app.Urls.Single());
        return host;
    }

    /// <summary>One endpoint, <c>/{id}</c>, which says how it was asked and how often it ran.</summary>
    public static Task<ApplicationHost> StartAsync(Action<IEndpointConventionBuilder> cached, Action<OutputCacheOptions>? policies = null, Action<IApplicationBuilder>? before = null) =>
        StartAsync((app, host) => cached(app.MapGet("/{id}", (HttpContext context) => host.Count(context))), policies, before);

    /// <summary>The body of an endpoint: what it saw, and how often it ran.</summary>
    public string Count(HttpContext context) =>
        $"{Interlocked.Increment(ref _answered)} {context.Request.Path}{context.Request.QueryString} {context.Request.Headers["X-Seen"]} {context.User.Identity?.Name}".TrimEnd();

    /// <summary>Sends a request and reads its answer to the end.</summary>
    /// <param name="target">Path and query.</param>
    /// <param name="fields">Header fields as <c>Name: value</c>.</param>
    public Task<Answered> GetAsync(string target, params string[] fields) => SendAsync(HttpMethod.Get, target, null, fields);

    public async Task<Answered> SendAsync(HttpMethod method, string target, HttpContent? content, params string[] fields)
    {
        using var request = new HttpRequestMessage(method, target) { Content = content };
        foreach (var field in fields)
        {
            var colon = field.IndexOf(':', StringComparison.Ordinal);
            request.Headers.TryAddWithoutValidation(field[..colon], field[(colon + 1)..].Trim());
        }
        using var response = await Client.SendAsync(request);
        return new Answered((int)response.StatusCode, await response.Content.ReadAsStringAsync(), response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated)
            .ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase));
    }

    public Task PurgeKeyAsync(string key) => Get<IInvalidationLog>().AppendAsync(new() { Patterns = [key] }, InvalidationSource.Operator, null, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        _connections.Dispose();
        await _app.DisposeAsync();
    }
}

/// <summary>A policy of an application's own, each step as the test says. By default it caches whatever comes.</summary>
internal sealed class WrittenPolicy : IOutputCachePolicy
{
    public Action<OutputCacheContext> Request { get; init; } = static _ => { };

    public Action<OutputCacheContext> Hit { get; init; } = static _ => { };

    public Action<OutputCacheContext> Response { get; init; } = static _ => { };

    public ValueTask CacheRequestAsync(OutputCacheContext context, CancellationToken cancellation)
    {
        (context.EnableOutputCaching, context.AllowCacheLookup, context.AllowCacheStorage, context.AllowLocking) = (true, true, true, true);
        Request(context);
        return ValueTask.CompletedTask;
    }

    public ValueTask ServeFromCacheAsync(OutputCacheContext context, CancellationToken cancellation)
    {
        Hit(context);
        return ValueTask.CompletedTask;
    }

    public async ValueTask ServeResponseAsync(OutputCacheContext context, CancellationToken cancellation)
    {
        // As one that looks something up would.
        await Task.Yield();
        Response(context);
    }
}
