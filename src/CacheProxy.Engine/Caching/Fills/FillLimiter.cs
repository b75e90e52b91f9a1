using System.Collections.Concurrent;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>How many fills may ask one cluster at once, so that an empty cache, or a purge, never becomes a stampede.</summary>
internal sealed class FillLimiter : IDisposable
{
    private readonly ConcurrentDictionary<string, ConcurrencyLimiter> _limiters = new(StringComparer.Ordinal);
    private readonly Func<string, ConcurrencyLimiter> _create;
    private readonly Func<Endpoint, string> _groupOf;

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
        _create = _ => new ConcurrencyLimiter(bounds);
        _groupOf = groupOf;
    }

    public ValueTask<RateLimitLease> EnterAsync(Endpoint endpoint, CancellationToken cancellationToken) =>
        _limiters.GetOrAdd(_groupOf(endpoint), _create).AcquireAsync(1, cancellationToken);

    public void Dispose()
    {
        foreach (var limiter in _limiters.Values) limiter.Dispose();
    }
}
