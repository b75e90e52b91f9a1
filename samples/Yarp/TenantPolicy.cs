using Microsoft.AspNetCore.OutputCaching;

namespace Yarp;

/// <summary>Each tenant has entries of its own, and no request without one is cached. Only what is varied by is sent to the backend.</summary>
internal sealed class TenantPolicy : IOutputCachePolicy
{
    private const string Header = "X-Tenant";

    public ValueTask CacheRequestAsync(OutputCacheContext context, CancellationToken cancellation)
    {
        var request = context.HttpContext.Request;
        var isOn = HttpMethods.IsGet(request.Method) && request.Headers[Header].Count == 1;
        context.EnableOutputCaching = context.AllowCacheLookup = context.AllowCacheStorage = isOn;
        context.AllowLocking = true;
        context.CacheVaryByRules.HeaderNames = Header;
        context.CacheVaryByRules.QueryKeys = "*";
        context.ResponseExpirationTimeSpan = TimeSpan.FromMinutes(1);
        context.Tags.Add($"tenant:{request.Headers[Header]}");
        return ValueTask.CompletedTask;
    }

    public ValueTask ServeFromCacheAsync(OutputCacheContext context, CancellationToken cancellation) => ValueTask.CompletedTask;

    public ValueTask ServeResponseAsync(OutputCacheContext context, CancellationToken cancellation)
    {
        if (context.HttpContext.Response.StatusCode != StatusCodes.Status200OK) context.AllowCacheStorage = false;
        return ValueTask.CompletedTask;
    }
}
