using CacheProxy.Engine;
using CacheProxy.Engine.Caching.Origins;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Yarp;

/// <summary>What the engine cannot know of YARP: which routes share a backend, how long it may take, and that its 502 is not the backend's.</summary>
internal sealed class YarpOrigin(IHttpContextFactory contexts, ILogger<EndpointOrigin> logger) : EndpointOrigin(contexts, logger)
{
    public override string GroupOf(Endpoint endpoint) => endpoint.Metadata.GetMetadata<RouteModel>()?.Cluster?.ClusterId ?? base.GroupOf(endpoint);

    protected override TimeSpan HeadTimeoutOf(Endpoint endpoint) => endpoint.Metadata.GetMetadata<RouteModel>()?.Config.Timeout ?? base.HeadTimeoutOf(endpoint);

    protected override OriginResult? FailureOf(HttpContext context) => context.Features.Get<IForwarderErrorFeature>()?.Error switch
    {
        null => null,
        ForwarderError.RequestTimedOut or ForwarderError.ResponseBodyCanceled => OriginResult.TimedOut,
        _ => OriginResult.CutShort,
    };
}
