using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;

namespace CacheProxy.Hosting.RateLimits;

/// <summary>A policy of <c>RateLimiter:Policies</c>: one limiter for all, or one for each client, whose number is bounded.</summary>
public sealed class RateLimiterPolicy : IRateLimiterPolicy<ClientPartition>
{
    private readonly ClientPartitions? _clients;
    private readonly Func<ClientPartition, RateLimiter> _factory;

    /// <param name="create">Makes a limiter that somebody else replenishes.</param>
    /// <param name="partitionBy">Who shares one.</param>
    public RateLimiterPolicy(Func<RateLimiter> create, PartitionBy partitionBy)
    {
        ArgumentNullException.ThrowIfNull(create);
        _clients = partitionBy == PartitionBy.ClientAddress ? new ClientPartitions() : null;
        _factory = partition => _clients?.Enter(partition, create()) ?? create();
    }

    /// <summary>All policies refuse in the same way. (What the options say counts for policies with a name only.)</summary>
    public Func<OnRejectedContext, CancellationToken, ValueTask>? OnRejected { get; } = static (rejected, _) => RateLimitRefusal.WriteAsync(rejected);

    /// <inheritdoc/>
    public RateLimitPartition<ClientPartition> GetPartition(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        return RateLimitPartition.Get(_clients?.Of(this, httpContext.Connection.RemoteIpAddress) ?? new(this, 0, false), _factory);
    }
}

/// <summary>Who shares a limiter (<c>PartitionBy</c>).</summary>
public enum PartitionBy
{
    /// <summary>Those who come from one address, as it is known after the hops of <c>ForwardedHeaders:KnownNetworks</c>.</summary>
    ClientAddress,

    /// <summary>Everybody.</summary>
    None,
}

/// <summary>Names a limiter among those of all policies.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="Client">The client, or which of the shared ones it is.</param>
/// <param name="IsShared">Whether those share it for whom there was none of their own.</param>
public readonly record struct ClientPartition(RateLimiterPolicy Policy, UInt128 Client, bool IsShared);
