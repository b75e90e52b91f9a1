using CacheProxy.Engine.Policies;

namespace CacheProxy.Proxying;

/// <summary>
/// How long an entry of any policy that was ever in effect here can be of use: purges older than that are of no use to anybody, and the log
/// need not keep them. Too short a figure would cost fills, never a stale read: what the log no longer reaches is invalid.
/// </summary>
internal sealed class EntryLifetimes
{
    // What is stale is kept a while to be validated, and the clocks of replicas and Redis differ.
    private static readonly TimeSpan s_margin = TimeSpan.FromMinutes(10);
    private bool _isBounded = true;
    private TimeSpan _longest;

    /// <summary>The longest life; <see langword="null"/> when there is no bound, since an origin decides, or no policy yet.</summary>
    public TimeSpan? Longest => _isBounded && _longest > TimeSpan.Zero ? _longest : null;

    /// <summary>Takes note of policies that are in effect from now on; what those before them stored is still there.</summary>
    public void Add(IEnumerable<CachePolicy> policies)
    {
        foreach (var policy in policies)
        {
            if (policy.Ttl is not { } ttl)
            {
                _isBounded = false;
                continue;
            }

            var fresh = policy.StatusCodes.Values.Append(ttl).Max();
            var stale = policy.StaleWhileRevalidate > policy.StaleIfError ? policy.StaleWhileRevalidate : policy.StaleIfError;
            var life = fresh + stale + s_margin;
            if (life > _longest) _longest = life;
        }
    }
}
