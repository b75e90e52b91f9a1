using System.Collections.Concurrent;
using System.Text;
using CacheProxy.Engine.Caching;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Redis;
using CacheProxy.Engine.Storage;
using CacheProxy.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using Prometheus;

namespace CacheProxy.Engine.Tests.Caching;

/// <summary>
/// The engine on a real Kestrel, with the routes <c>/&lt;policy&gt;/{id}</c> and <c>/plain/{id}</c>, and behind it an origin that answers what
/// the test says and keeps what it was asked.
/// </summary>
internal sealed class RoutedHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly CollectorRegistry _registry;

    private RoutedHost(WebApplication app, RoutedOrigin origin, CollectorRegistry registry)
    {
        (_app, Origin, _registry) = (app, origin, registry);
        Client = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new(app.Urls.First()) };
    }

    public RoutedOrigin Origin { get; }

    public HttpClient Client { get; }

    public IInvalidationLog Log => Get<IInvalidationLog>();

    public MemoryTier Memory => Get<MemoryTier>();

    /// <summary>What was logged from Warning on.</summary>
    public ConcurrentQueue<string> Lines { get; private init; } = [];

    public T Get<T>() where T : notnull => _app.Services.GetRequiredService<T>();

    public static Task<RoutedHost> StartAsync(Func<OriginRequest, RoutedAnswer> answer, TimeProvider? time, params CachePolicyConfig[] configs) =>
        StartAsync(answer, time, new CacheEngineOptions(), configs);

    public static async Task<RoutedHost> StartAsync(
        Func<OriginRequest, RoutedAnswer> answer, TimeProvider? time, CacheEngineOptions options, params CachePolicyConfig[] configs)
    {
        var errors = new List<ConfigurationError>();
        var policies = PolicyCompiler.Compile(configs, errors);
        Assert.Empty(errors);
        var builder = WebApplication.CreateSlimBuilder();
        var lines = new ConcurrentQueue<string>();
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Warning).AddProvider(new QueueLoggerProvider(lines));
        builder.WebHost.UseSetting("urls", "http://127.0.0.1:0");
        var registry = Prometheus.Metrics.NewCustomRegistry();
        var origin = new RoutedOrigin { Answer = answer };
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        builder.Services.AddSingleton<IMetricFactory>(Prometheus.Metrics.WithCustomRegistry(registry));
        builder.Services.AddSingleton<IOrigin>(origin);
        builder.Services.AddInvalidation(new ConsistencyOptions(), new RedisOptions());
        builder.Services.AddCacheEngine(options);
        var app = builder.Build();
        app.UseTargetMemo();
        app.UseRouting();
        app.UseCacheEngine();
        app.Map("/plain/{id}", origin.PassAsync);
        foreach (var (name, policy) in policies) app.Map($"/{name}/{{id}}", origin.PassAsync).WithMetadata(policy, TargetDecidesRoute.Mark);
        await app.StartAsync();
        return new(app, origin, registry) { Lines = lines };
    }

    /// <summary>GETs a target; <paramref name="headers"/> are pairs of name and value.</summary>
    public Task<RoutedReply> GetAsync(string target, params string[] headers) => SendAsync(HttpMethod.Get, target, headers);

    public async Task<RoutedReply> SendAsync(HttpMethod method, string target, params string[] headers)
    {
        using var request = new HttpRequestMessage(method, target);
        for (var i = 0; i < headers.Length; i += 2)
        {
            if (headers[i] == "Body") request.Content = new StringContent(headers[i + 1], Encoding.UTF8, "application/json");
            else Assert.True(request.Headers.TryAddWithoutValidation(headers[i], headers[i + 1]));
        }
        using var response = await Client.SendAsync(request);
        var fields = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, values) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated)) fields[name] = string.Join(", ", values);
        return new((int)response.StatusCode, fields, await response.Content.ReadAsByteArrayAsync());
    }

    /// <summary>A line of the metrics page, or an empty one.</summary>
    public async Task<string> MetricAsync(string start)
    {
        using var page = new MemoryStream();
        await _registry.CollectAndExportAsTextAsync(page);
        return Encoding.UTF8.GetString(page.ToArray()).Split('\n').FirstOrDefault(line => line.StartsWith(start, StringComparison.Ordinal)) ?? "";
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}

/// <summary>A response as it came over the wire.</summary>
internal sealed record RoutedReply(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string? this[string name] => Headers.GetValueOrDefault(name);

    public string Text => Encoding.UTF8.GetString(Body);

    public string? Cache => this["X-Cache"];
}

/// <summary>What an origin answers.</summary>
internal sealed record RoutedAnswer(int Status, string Body, params string[] Headers)
{
    public static RoutedAnswer Json(string body, params string[] headers) => new(200, body, ["Content-Type", "application/json", .. headers]);
}

internal sealed class RoutedOrigin : IOrigin
{
    public Func<OriginRequest, RoutedAnswer> Answer { get; set; } = static _ => new(404, "");

    /// <summary>What an answer to the cache waits for on its way, decided as it is.</summary>
    public Func<OriginRequest, Task> OnItsWay { get; set; } = static _ => Task.CompletedTask;

    public ConcurrentQueue<OriginRequest> Asked { get; } = new();

    public int Count => Asked.Count;

    public string GroupOf(Endpoint endpoint) => "origin";

    public async Task<OriginResult> SendAsync(OriginRequest request, IOriginSink sink, CancellationToken cancellationToken)
    {
        Asked.Enqueue(request);
        var answer = Answer(request);
        await OnItsWay(request);
        if (answer.Status == 0) return OriginResult.Unreachable;
        var body = Encoding.UTF8.GetBytes(answer.Body);
        var headers = new HeaderDictionary { ContentLength = body.Length };
        for (var i = 0; i < answer.Headers.Length; i += 2) headers[answer.Headers[i]] = StringValues.Concat(headers[answer.Headers[i]], answer.Headers[i + 1]);
        sink.OnHead(answer.Status, HeaderFields.Copy(headers));
        await sink.OnBodyAsync(body, cancellationToken);
        return OriginResult.Complete;
    }

    /// <summary>What stands behind the cache for requests that pass.</summary>
    public async Task PassAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var request = new OriginRequest
        {
            Endpoint = context.GetEndpoint()!,
            RouteValues = context.Request.RouteValues,
            Method = context.Request.Method,
            Scheme = context.Request.Scheme,
            Host = context.Request.Host.Value ?? "",
            Target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
            Headers = new HeaderDictionary(context.Request.Headers.ToDictionary(StringComparer.OrdinalIgnoreCase)),
            Body = body.ToArray(),
        };
        Asked.Enqueue(request);
        var answer = Answer(request);
        context.Response.StatusCode = answer.Status;
        for (var i = 0; i < answer.Headers.Length; i += 2) context.Response.Headers.Append(answer.Headers[i], answer.Headers[i + 1]);
        await context.Response.WriteAsync(answer.Body);
    }
}
