using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>How many fills may ask one cluster at once, so that an empty cache, or a purge, never becomes a stampede.</summary>
internal sealed class FillLimiter : IDisposable
{
    private readonly PartitionedRateLimiter<Endpoint> _limiter;

    /// <param name="options">The bounds.</param>
    /// <param name="groupOf">The cluster of an endpoint.</param>
    public FillLimiter(FillOptions options, Func<Endpoint, string> groupOf)
    {
        var bounds = new ConcurrencyLimiterOptions
        {
            PermitLimit = options.MaxConcurrent,
            QueueLimit = options.MaxQueued,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        };
        _limiter = PartitionedRateLimiter.Create<Endpoint, string>(endpoint => RateLimitPartition.GetConcurrencyLimiter(groupOf(endpoint), _ => bounds));
    }

    public ValueTask<RateLimitLease> EnterAsync(Endpoint endpoint, CancellationToken cancellationToken) =>
        _limiter.AcquireAsync(endpoint, 1, cancellationToken);

    public void Dispose() => _limiter.Dispose();
}
