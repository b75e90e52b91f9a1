using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CacheProxy.Engine.Caching.Refreshing;

/// <summary>
/// Fetches the targets of the policies' <c>Warmup</c> at start, after the first lease: before it there is no position that could tell what
/// they are worth (INVALIDATION 3). Without credentials; with several replicas one of them asks the origin.
/// </summary>
internal sealed class Warmup(
    IInvalidationLog log, Refetcher refetcher, IEnumerable<EndpointDataSource> sources, TimeProvider time, ILogger<Warmup> logger) : BackgroundService
{
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(50);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            using var timer = new PeriodicTimer(s_poll, time);
            // Routes are there when the host has started; this is one of those that it starts before.
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                var endpoints = sources.SelectMany(static source => source.Endpoints).OfType<RouteEndpoint>().ToList();
                if (endpoints.Count == 0 || log.TakeRight(out _) != ServingRight.Full) continue;
                Fetch(endpoints);
                return;
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private void Fetch(List<RouteEndpoint> endpoints)
    {
        var asked = 0;
        foreach (var endpoint in endpoints)
        {
            if (endpoint.Metadata.GetMetadata<CachePolicy>() is not { Mode: PolicyMode.On } policy) continue;
            foreach (var target in policy.Warmup)
            {
                // Routes may share a policy: a target is for those that match it.
                if (ContextOf(endpoint, target) is not { } context) continue;
                if (policy.Plan(context, null, out var plan) != BypassReason.None) Log.NotWarmed(logger, policy.Name, target);
                else if (refetcher.TryAsk(new FillRequest(context, plan!, hasCredentials: false, stored: null), [])) asked++;
            }
        }
        if (asked > 0) Log.Warms(logger, asked);
    }

    private static DefaultHttpContext? ContextOf(RouteEndpoint endpoint, string target)
    {
        var parsed = RequestTarget.Parse(target, out var scheme, out var host);
        var context = new DefaultHttpContext();
        var values = new RouteValueDictionary();
        var path = PathString.FromUriComponent(parsed.Path);
        if (!new TemplateMatcher(new RouteTemplate(endpoint.RoutePattern), new RouteValueDictionary(endpoint.RoutePattern.Defaults)).TryMatch(path, values)) return null;
        var request = context.Request;
        request.Method = HttpMethods.Get;
        request.Scheme = scheme ?? "http";
        request.Host = new HostString(host ?? "localhost");
        request.Path = path;
        if (parsed.Query is { } query) request.QueryString = new QueryString("?" + query);
        request.RouteValues = values;
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = parsed.ToString();
        context.SetEndpoint(endpoint);
        return context;
    }
}

internal static partial class Log
{
    [LoggerMessage(3104, LogLevel.Information, "Warms the cache with {Count} targets")]
    public static partial void Warms(ILogger logger, int count);

    [LoggerMessage(3105, LogLevel.Warning, "Policy {Policy}: its Warmup target {Target} would go past the cache and was not fetched; look at it with explain")]
    public static partial void NotWarmed(ILogger logger, string policy, string target);
}
