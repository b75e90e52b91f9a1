using Microsoft.AspNetCore.OutputCaching;

namespace PlainAspNetCore;

/// <summary>
/// What the stock builder cannot say: a tag made from the request, and a lifetime that depends on the answer. It decides for itself who is
/// served from the cache; here nobody who is known by name.
/// </summary>
internal sealed class ProductPolicy : IOutputCachePolicy
{
    public ValueTask CacheRequestAsync(OutputCacheContext context, CancellationToken cancellation)
    {
        var request = context.HttpContext.Request;
        var serves = HttpMethods.IsGet(request.Method) && request.Headers.Authorization.Count == 0;
        context.EnableOutputCaching = context.AllowCacheLookup = context.AllowCacheStorage = serves;
        context.AllowLocking = true;
        context.Tags.Add($"product:{request.RouteValues["id"]}");
        return ValueTask.CompletedTask;
    }

    public ValueTask ServeFromCacheAsync(OutputCacheContext context, CancellationToken cancellation) => ValueTask.CompletedTask;

    public ValueTask ServeResponseAsync(OutputCacheContext context, CancellationToken cancellation)
    {
        // What is not there yet may be there soon.
        (context.AllowCacheStorage, context.ResponseExpirationTimeSpan) = context.HttpContext.Response.StatusCode switch
        {
            StatusCodes.Status200OK => (true, TimeSpan.FromHours(1)),
            StatusCodes.Status404NotFound => (true, TimeSpan.FromSeconds(10)),
            _ => (false, default(TimeSpan?)),
        };
        return ValueTask.CompletedTask;
    }
}
