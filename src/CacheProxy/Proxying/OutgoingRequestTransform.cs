using CacheProxy.Engine.Http;
using CacheProxy.Engine.Policies;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Transforms;
using Yarp.ReverseProxy.Transforms.Builder;

namespace CacheProxy.Proxying;

/// <summary>
/// The last request transform of every route. What was keyed is what is sent: the URI is built from the exact bytes of the target, after
/// removal of dot segments (RELIABILITY F3). Fields of the client's connection, and those by which a message could be read in two ways, go
/// no further (RFC 9110 §7.6.1).
/// </summary>
internal sealed class OutgoingRequestTransform(bool keepsTarget) : RequestTransform
{
    private static readonly string[] s_addedAboutClient = ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Prefix"];
    private static readonly UriCreationOptions s_exact = new() { DangerousDisablePathAndQueryCanonicalization = true };

    public override ValueTask ApplyAsync(RequestTransformContext context)
    {
        var outgoing = context.HttpContext.Features.Get<OutgoingTarget>();
        if (keepsTarget) SetUri(context, outgoing);
        var headers = context.ProxyRequest.Headers;
        headers.Remove("X-Content-Length");
        if (outgoing is { OnlyTheseHeaders: true })
        {
            foreach (var name in s_addedAboutClient) headers.Remove(name);
            return ValueTask.CompletedTask;
        }
        foreach (var name in ConnectionFields.Nominated(context.HttpContext.Request.Headers.Connection))
        {
            // An upgrade needs its own field; YARP sends it where it is one.
            if (ConnectionFields.IsHopByHop(name)) continue;
            headers.Remove(name);
            context.ProxyRequest.Content?.Headers.Remove(name);
        }
        return ValueTask.CompletedTask;
    }

    private static void SetUri(RequestTransformContext context, OutgoingTarget? outgoing)
    {
        var target = outgoing?.Target ?? context.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (target.Length == 0 || target[0] == '*') return;
        var exact = outgoing?.Target ?? RequestTarget.Parse(target).ToString();
        context.ProxyRequest.RequestUri = new Uri(string.Concat(context.DestinationPrefix.AsSpan().TrimEnd('/'), exact), s_exact);
    }
}

/// <summary>Adds our transforms to every route, after its own.</summary>
internal sealed class ProxyTransforms : ITransformProvider
{
    public void ValidateRoute(TransformRouteValidationContext context)
    {
        // Routes are validated with their policies.
    }

    public void ValidateCluster(TransformClusterValidationContext context)
    {
        // Nothing of ours in clusters.
    }

    public void Apply(TransformBuilderContext context)
    {
        if (context.UseDefaultForwarders ?? true)
        {
            // By itself YARP adds these after all others: what a fill must not send would come back.
            context.UseDefaultForwarders = false;
            context.AddXForwarded();
        }
        context.RequestTransforms.Add(new OutgoingRequestTransform(!ChangesTarget(context)));
        context.ResponseTransforms.Add(new FramingTransform());
        context.ResponseTransforms.Add(new NominatedFieldsTransform());
        context.ResponseTransforms.Add(new LocationTransform());
    }

    private static bool ChangesTarget(TransformBuilderContext context) =>
        context.Route.Transforms?.Any(static transform => transform.Keys.Any(static key =>
            key.StartsWith("Path", StringComparison.OrdinalIgnoreCase) || key.StartsWith("Query", StringComparison.OrdinalIgnoreCase))) == true;
}
