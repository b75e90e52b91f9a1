using System.Diagnostics;
using CacheProxy.Engine;
using CacheProxy.Engine.Telemetry;

namespace CacheProxy.Proxying;

/// <summary>The span of a fill: a child of the request that started it, though it may outlive it.</summary>
internal static class ProxyActivity
{
    public static Activity? StartFill(OriginRequest request) =>
        CacheActivities.Source.StartActivity("cacheproxy.fill", ActivityKind.Internal, request.Trace);
}
