using System.Threading.RateLimiting;

namespace CacheProxy.Hosting.RateLimits;

/// <summary>A limiter that says when it is disposed of.</summary>
internal sealed class PartitionLimiter(RateLimiter limiter, Action<PartitionLimiter> left) : ReplenishingRateLimiter
{
    private readonly ReplenishingRateLimiter? _replenishing = limiter as ReplenishingRateLimiter;

    public override TimeSpan? IdleDuration => limiter.IdleDuration;

    public override bool IsAutoReplenishing => _replenishing?.IsAutoReplenishing ?? true;

    public override TimeSpan ReplenishmentPeriod => _replenishing?.ReplenishmentPeriod ?? TimeSpan.Zero;

    public override bool TryReplenish() => _replenishing?.TryReplenish() ?? false;

    public override RateLimiterStatistics? GetStatistics() => limiter.GetStatistics();

    protected override RateLimitLease AttemptAcquireCore(int permitCount) => limiter.AttemptAcquire(permitCount);

    protected override ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken) => limiter.AcquireAsync(permitCount, cancellationToken);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            left(this);
            limiter.Dispose();
        }
        base.Dispose(disposing);
    }

    protected override async ValueTask DisposeAsyncCore()
    {
        left(this);
        await limiter.DisposeAsync();
        await base.DisposeAsyncCore();
    }
}
