using System.Threading.RateLimiting;
using CacheProxy.Engine.Caching;
using CacheProxy.Engine.Caching.Serving;
using Microsoft.AspNetCore.RateLimiting;

namespace CacheProxy.Hosting.RateLimits;

/// <summary>What a client is told that has asked too often: 429, and after which time it makes sense to ask again.</summary>
internal static class RateLimitRefusal
{
    // A limit on concurrency knows no time: a request may end at any moment.
    private static readonly TimeSpan s_shortly = TimeSpan.FromSeconds(1);

    public static async ValueTask WriteAsync(OnRejectedContext rejected)
    {
        var context = rejected.HttpContext;
        var after = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var known) ? known : s_shortly;
        await ProblemWriter.WriteAsync(
            context, StatusCodes.Status429TooManyRequests, "rate-limited", "Too many requests", "Try again after the time that Retry-After gives, and less often.", after);
        context.RequestServices.GetRequiredService<RefusedRequests>().Count(context, "rate-limited");
    }
}
