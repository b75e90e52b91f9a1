using System.Diagnostics;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Features.Authentication;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace CacheProxy.Engine.Caching.Origins;

/// <summary>
/// The origin of an application that answers itself: the route's own endpoint, run on a context that belongs to no client, so that clients
/// come and go while it works. What middleware has put onto a client's context is not there; what a fill carries is what was keyed.
/// </summary>
public class EndpointOrigin : IOrigin
{
    private static readonly TimeSpan s_headTimeout = TimeSpan.FromSeconds(100);
    private readonly IHttpContextFactory _contexts;
    private readonly ILogger<EndpointOrigin> _logger;

    /// <summary>Makes its contexts with the application's factory.</summary>
    public EndpointOrigin(IHttpContextFactory contexts, ILogger<EndpointOrigin> logger)
    {
        _contexts = contexts;
        _logger = logger;
    }

    /// <inheritdoc />
    public virtual string GroupOf(Endpoint endpoint) => "";

    /// <inheritdoc />
    public async Task<OriginResult> SendAsync(OriginRequest request, IOriginSink sink, CancellationToken cancellationToken)
    {
        using var lifetime = new DetachedLifetime(HeadTimeoutOf(request.Endpoint), cancellationToken);
        using var activity = CacheActivities.Source.StartActivity("cacheproxy.fill", ActivityKind.Internal, request.Trace);
        var response = new DetachedResponse(sink, lifetime, request.Participant);
        var context = _contexts.Create(FeaturesOf(request, response, lifetime));
        try
        {
            response.HasFailed = () => FailureOf(context) is not null;
            request.Participant?.Join(context);
            Prepare(context, request, sink);
            try
            {
                await request.Endpoint.RequestDelegate!(context);
            }
            catch (Exception exception) when (exception is not OperationCanceledException && StatusOf(exception) is not null)
            {
                Log.EndpointFailed(_logger, exception, request.Endpoint.DisplayName);
                response.Fail(StatusOf(exception)!.Value, exception);
            }
            var failure = FailureOf(context);
            if (failure is null && !lifetime.WasAborted)
            {
                await response.CompleteAsync();
                return OriginResult.Complete;
            }
            return ResultOf(failure ?? OriginResult.CutShort, response.HasStarted, lifetime, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return lifetime.HeadTimedOut ? OriginResult.TimedOut : OriginResult.Canceled;
        }
        finally
        {
            await response.CompletedAsync();
            _contexts.Dispose(context);
        }
    }

    /// <summary>How long a fill waits for the head: the endpoint's own time-out, else 100 s.</summary>
    protected virtual TimeSpan HeadTimeoutOf(Endpoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        return endpoint.Metadata.GetMetadata<RequestTimeoutPolicy>()?.Timeout ?? endpoint.Metadata.GetMetadata<RequestTimeoutAttribute>()?.Timeout ?? s_headTimeout;
    }

    /// <summary>Comes before the endpoint is run, in its flow.</summary>
    protected virtual void Prepare(HttpContext context, OriginRequest request, IOriginSink sink)
    {
        // An endpoint of the application needs nothing more.
    }

    /// <summary>What the endpoint says of a failure that it has answered itself; its answer is then no answer of the origin.</summary>
    /// <returns><see langword="null"/>: there was none.</returns>
    protected virtual OriginResult? FailureOf(HttpContext context) => null;

    /// <summary>The status by which an endpoint's exception is answered; <see langword="null"/>: it is a fault of ours, and thrown on.</summary>
    protected virtual int? StatusOf(Exception exception) =>
        exception is BadHttpRequestException refused ? refused.StatusCode : StatusCodes.Status500InternalServerError;

    private static OriginResult ResultOf(OriginResult failure, bool started, DetachedLifetime lifetime, CancellationToken cancellationToken)
    {
        if (lifetime.HeadTimedOut) return OriginResult.TimedOut;
        if (cancellationToken.IsCancellationRequested) return OriginResult.Canceled;
        if (failure == OriginResult.TimedOut) return failure;
        return started ? OriginResult.CutShort : OriginResult.Unreachable;
    }

    private static FeatureCollection FeaturesOf(OriginRequest request, DetachedResponse response, DetachedLifetime lifetime)
    {
        var target = RequestTarget.Parse(request.Target);
        // As the server reads it: an escaped slash stays one.
        var path = PathString.FromUriComponent(target.Path).Value!;
        var pathBase = path.StartsWith(request.PathBase, StringComparison.OrdinalIgnoreCase) ? request.PathBase : "";
        // Ours and those that are added on the way: a table that grew would be made three times.
        var features = new FeatureCollection(24);
        features.Set<IHttpRequestFeature>(new HttpRequestFeature
        {
            Method = request.Method,
            Scheme = request.Scheme,
            Protocol = HttpProtocol.Http11,
            PathBase = pathBase,
            Path = path[pathBase.Length..],
            QueryString = target.Query is null ? "" : "?" + target.Query,
            RawTarget = request.Target,
            Headers = WithHost(request),
            Body = request.Body is { } body ? new MemoryStream(body.ToArray(), writable: false) : Stream.Null,
        });
        features.Set<IHttpResponseFeature>(response);
        features.Set<IHttpResponseBodyFeature>(response);
        features.Set<IHttpResponseTrailersFeature>(response);
        features.Set<IHttpRequestLifetimeFeature>(lifetime);
        features.Set<IHttpRequestBodyDetectionFeature>(new BodyDetection(request.Body is not null));
        // Whose address it is that came first has no part in a response that is everybody's.
        features.Set<IHttpConnectionFeature>(new HttpConnectionFeature { RemoteIpAddress = request.OnlyTheseHeaders ? null : request.ClientAddress, ConnectionId = "fill" });
        features.Set<IHttpRequestIdentifierFeature>(new HttpRequestIdentifierFeature());
        features.Set<IEndpointFeature>(new EndpointOf(request.Endpoint));
        features.Set<IRouteValuesFeature>(new RouteValuesFeature { RouteValues = new RouteValueDictionary(request.RouteValues) });
        features.Set<IHttpRequestTimeoutFeature>(lifetime);
        if (request.User is { } user) features.Set<IHttpAuthenticationFeature>(new HttpAuthenticationFeature { User = user });
        return features;
    }

    private static IHeaderDictionary WithHost(OriginRequest request)
    {
        request.Headers.Host = request.Host;
        return request.Headers;
    }

    private sealed class BodyDetection(bool canHaveBody) : IHttpRequestBodyDetectionFeature
    {
        public bool CanHaveBody => canHaveBody;
    }

    private sealed class EndpointOf(Endpoint endpoint) : IEndpointFeature
    {
        public Endpoint? Endpoint { get; set; } = endpoint;
    }
}

internal static partial class Log
{
    [LoggerMessage(3007, LogLevel.Error, "An exception of {Endpoint}, which was asked for the cache and not for a client; those who wait are told")]
    public static partial void EndpointFailed(ILogger logger, Exception exception, string? endpoint);
}
