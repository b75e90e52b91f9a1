using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Telemetry;
using CacheProxy.Hosting.RateLimits;
using Microsoft.AspNetCore.Cors.Infrastructure;

namespace CacheProxy.Configuration;

/// <summary>
/// What is in effect, and what is about to be: a reload prepares the new routes, YARP builds its endpoints from <see cref="Pending"/>, and only
/// when it has applied them do they become <see cref="Current"/>. Requests under way keep the policy of their endpoint.
/// </summary>
/// <param name="metrics">Shows which configuration is in effect.</param>
public sealed class PolicyCatalog(CacheMetrics metrics)
{
    private readonly Lock _lock = new();
    private volatile LoadedRoutes _current = LoadedRoutes.Empty;
    private volatile LoadedRoutes? _pending;

    /// <summary>What is in effect.</summary>
    public LoadedRoutes Current => _current;

    /// <summary>What endpoints are built from: the prepared routes, or those in effect when nothing is prepared.</summary>
    public LoadedRoutes Pending => _pending ?? _current;

    /// <summary>A policy in effect; <see langword="null"/> when there is none of that name.</summary>
    public CachePolicy? Find(string name) => _current.Policies.GetValueOrDefault(name);

    /// <summary>A policy for an endpoint that is being built.</summary>
    public CachePolicy? FindPending(string? name) => name is null ? null : Pending.Policies.GetValueOrDefault(name);

    /// <summary>A policy of CORS for an endpoint that is being built.</summary>
    public StampedPolicy<CorsPolicy>? FindPendingCors(string? name) => name is null ? null : Pending.CorsPolicies.GetValueOrDefault(name);

    /// <summary>A limit of rates for an endpoint that is being built.</summary>
    public StampedPolicy<RateLimiterPolicy>? FindPendingLimit(string? name) => name is null ? null : Pending.RateLimiterPolicies.GetValueOrDefault(name);

    /// <summary>Takes routes that have been validated, before YARP hears of them.</summary>
    public void Prepare(LoadedRoutes routes) => _pending = routes.WithLimitersOf(_current);

    /// <summary>YARP has applied them (<c>ConfigurationApplied</c>). Nothing happens when nothing was prepared.</summary>
    public void Apply()
    {
        lock (_lock)
        {
            if (_pending is not { } applied) return;
            metrics.ConfigInfo.RemoveLabelled(_current.Hash);
            metrics.ConfigInfo.WithLabels(applied.Hash).Set(1);
            metrics.ConfigValid.Set(1);
            _current = applied;
            _pending = null;
        }
    }

    /// <summary>YARP has refused them (<c>ConfigurationApplyingFailed</c>): what was in effect goes on.</summary>
    public void Discard()
    {
        _pending = null;
        metrics.ConfigValid.Set(0);
    }
}
