using CacheProxy.Engine.Policies;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Caching;

/// <summary>Counts what the application itself refuses after routing and before the cache is asked: an error of ours, as those of the cache.</summary>
public sealed class RefusedRequests
{
    private readonly RequestMeter _meter;

    internal RefusedRequests(RequestMeter meter) => _meter = meter;

    /// <summary>Counts a request whose answer is written.</summary>
    /// <param name="context">The request, routed.</param>
    /// <param name="detail">Why, in kebab case.</param>
    public void Count(HttpContext context, string detail)
    {
        ArgumentNullException.ThrowIfNull(context);
        _meter.Count(context, context.GetEndpoint()?.Metadata.GetMetadata<CachePolicy>(), new Answer(CacheResult.Error) { Detail = detail }, _meter.Start());
    }
}
