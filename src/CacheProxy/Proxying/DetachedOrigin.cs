using CacheProxy.Engine;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace CacheProxy.Proxying;

/// <summary>
/// The origin for fills: YARP's own endpoint, run on a context that belongs to no client, so that load balancing, health, transforms and
/// time-outs work as for any request while clients come and go.
/// </summary>
internal sealed class DetachedOrigin(IHttpContextFactory contexts, OriginOptions options) : IOrigin
{
    public string GroupOf(Endpoint endpoint) => endpoint.Metadata.GetMetadata<RouteModel>()?.Cluster?.ClusterId ?? "";

    public async Task<OriginResult> SendAsync(OriginRequest request, IOriginSink sink, CancellationToken cancellationToken)
    {
        var timeout = request.Endpoint.Metadata.GetMetadata<RouteModel>()?.Config.Timeout ?? options.HeadTimeout;
        using var lifetime = new DetachedLifetime(timeout, cancellationToken);
        using var activity = ProxyActivity.StartFill(request);
        var response = new DetachedResponse(sink, lifetime);
        var features = FeaturesOf(request, response, lifetime);
        var context = contexts.Create(features);
        try
        {
            response.Errors = () => context.Features.Get<IForwarderErrorFeature>() is not null;
            // With a body the head may be written in pieces between those of the response: only what has none is listened to.
            if (request.Body is null) InterimStream.Listen(sink);
            await request.Endpoint.RequestDelegate!(context);
            var error = context.Features.Get<IForwarderErrorFeature>();
            if (error is null && !lifetime.WasAborted)
            {
                await response.CompleteAsync();
                return OriginResult.Complete;
            }
            return ResultOf(error?.Error ?? ForwarderError.ResponseBodyDestination, response.HasStarted, lifetime, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return lifetime.HeadTimedOut ? OriginResult.TimedOut : OriginResult.Canceled;
        }
        finally
        {
            await response.CompletedAsync();
            contexts.Dispose(context);
        }
    }

    private static OriginResult ResultOf(ForwarderError error, bool started, DetachedLifetime lifetime, CancellationToken cancellationToken)
    {
        if (lifetime.HeadTimedOut) return OriginResult.TimedOut;
        if (cancellationToken.IsCancellationRequested) return OriginResult.Canceled;
        return error switch
        {
            ForwarderError.RequestTimedOut => OriginResult.TimedOut,
            ForwarderError.ResponseBodyCanceled => OriginResult.TimedOut,
            _ => started ? OriginResult.CutShort : OriginResult.Unreachable,
        };
    }

    private static FeatureCollection FeaturesOf(OriginRequest request, DetachedResponse response, DetachedLifetime lifetime)
    {
        var target = Engine.Policies.RequestTarget.Parse(request.Target);
        // Ours and those that YARP adds: a table that grew on the way would be made three times.
        var features = new FeatureCollection(24);
        features.Set<IHttpRequestFeature>(new HttpRequestFeature
        {
            Method = request.Method,
            Scheme = request.Scheme,
            Protocol = HttpProtocol.Http11,
            PathBase = "",
            Path = Uri.UnescapeDataString(target.Path),
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
        features.Set<IHttpConnectionFeature>(new HttpConnectionFeature { RemoteIpAddress = request.ClientAddress, ConnectionId = "fill" });
        features.Set<IHttpRequestIdentifierFeature>(new HttpRequestIdentifierFeature());
        features.Set<IEndpointFeature>(new EndpointOf(request.Endpoint));
        features.Set<IRouteValuesFeature>(new RouteValuesFeature { RouteValues = new RouteValueDictionary(request.RouteValues) });
        features.Set<Microsoft.AspNetCore.Http.Timeouts.IHttpRequestTimeoutFeature>(lifetime);
        features.Set(new OutgoingTarget(request.Target, request.OnlyTheseHeaders));
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

/// <summary>The origin's bounds.</summary>
/// <param name="ConnectTimeout"><c>Origin:ConnectTimeout</c>. Default 2 s.</param>
/// <param name="HeadTimeout">How long a fill waits for the response's head where the route has no <c>Timeout</c>. Default 100 s.</param>
/// <param name="Tls"><c>Origin:Tls</c>; <see langword="null"/>: the system's issuers, and no certificate of ours.</param>
public sealed record OriginOptions(TimeSpan ConnectTimeout, TimeSpan HeadTimeout, OriginTls? Tls)
{
    /// <summary>The defaults.</summary>
    public static OriginOptions Default { get; } = new(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(100), null);
}

/// <summary>The exact target that a request sends, and whether its fields are all that may go.</summary>
internal sealed record OutgoingTarget(string Target, bool OnlyTheseHeaders);
