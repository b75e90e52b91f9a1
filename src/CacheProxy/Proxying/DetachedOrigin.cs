using CacheProxy.Engine;
using CacheProxy.Engine.Caching.Origins;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace CacheProxy.Proxying;

/// <summary>
/// The origin for fills: YARP's own endpoint, run on a context that belongs to no client, so that load balancing, health, transforms and
/// time-outs work as for any request while clients come and go.
/// </summary>
internal sealed class DetachedOrigin(IHttpContextFactory contexts, OriginOptions options, ILogger<EndpointOrigin> logger) : EndpointOrigin(contexts, logger)
{
    // YARP's, where a cluster has no ActivityTimeout.
    private static readonly TimeSpan s_inactivity = TimeSpan.FromSeconds(100);

    public override string GroupOf(Endpoint endpoint) => endpoint.Metadata.GetMetadata<RouteModel>()?.Cluster?.ClusterId ?? "";

    protected override TimeSpan HeadTimeoutOf(Endpoint endpoint)
    {
        var route = endpoint.Metadata.GetMetadata<RouteModel>();
        if (route?.Config.Timeout is { } timeout) return timeout;
        // YARP's own clock ends a request in which nothing moves: where that is no later, a second one for each fill would only cost.
        var inactivity = route?.Cluster?.Model.Config.HttpRequest?.ActivityTimeout ?? s_inactivity;
        return inactivity <= options.HeadTimeout ? Timeout.InfiniteTimeSpan : options.HeadTimeout;
    }

    protected override void Prepare(HttpContext context, OriginRequest request, IOriginSink sink)
    {
        context.Features.Set(new OutgoingTarget(request.Target, request.OnlyTheseHeaders));
        // With a body the head may be written in pieces between those of the response: only what has none is listened to.
        if (request.Body is null) InterimStream.Listen(sink);
    }

    protected override OriginResult? FailureOf(HttpContext context) => context.Features.Get<IForwarderErrorFeature>()?.Error switch
    {
        null => null,
        ForwarderError.RequestTimedOut or ForwarderError.ResponseBodyCanceled => OriginResult.TimedOut,
        _ => OriginResult.CutShort,
    };

    // YARP throws nothing for what an origin does.
    protected override int? StatusOf(Exception exception) => null;
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
