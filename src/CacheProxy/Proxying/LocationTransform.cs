using Yarp.ReverseProxy.Transforms;

namespace CacheProxy.Proxying;

/// <summary>A <c>Location</c> that names the origin's own address becomes a relative reference: clients know only us.</summary>
internal sealed class LocationTransform : ResponseTransform
{
    public override ValueTask ApplyAsync(ResponseTransformContext context)
    {
        var headers = context.HttpContext.Response.Headers;
        if (headers.Location.Count != 1) return ValueTask.CompletedTask;
        var location = headers.Location.ToString();
        var address = context.HttpContext.GetReverseProxyFeature().ProxiedDestination?.Model.Config.Address;
        if (address is not null && Uri.TryCreate(location, UriKind.Absolute, out var target) && Uri.TryCreate(address, UriKind.Absolute, out var origin)
            && Uri.Compare(target, origin, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) == 0)
        {
            var path = location.IndexOf('/', location.IndexOf("://", StringComparison.Ordinal) + 3);
            headers.Location = path < 0 ? "/" : location[path..];
        }
        return ValueTask.CompletedTask;
    }
}
