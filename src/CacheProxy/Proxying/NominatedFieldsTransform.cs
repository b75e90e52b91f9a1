using CacheProxy.Engine.Http;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Transforms;

namespace CacheProxy.Proxying;

/// <summary>
/// What the origin's <c>Connection</c> nominates goes no further (RFC 9110 §7.6.1). YARP removes <c>Connection</c> itself, so this is the last
/// place that knows what it said.
/// </summary>
internal sealed class NominatedFieldsTransform : ResponseTransform
{
    public override ValueTask ApplyAsync(ResponseTransformContext context)
    {
        if (context.ProxyResponse is not { } response || !response.Headers.NonValidated.TryGetValues("Connection", out var lines)) return ValueTask.CompletedTask;
        foreach (var name in ConnectionFields.Nominated(new StringValues([.. lines])))
            // An upgrade needs its own field; YARP sends it where it is one.
            if (!ConnectionFields.IsHopByHop(name)) context.HttpContext.Response.Headers.Remove(name);
        return ValueTask.CompletedTask;
    }
}
