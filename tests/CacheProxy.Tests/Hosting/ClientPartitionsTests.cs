using System.Net;
using System.Threading.RateLimiting;
using CacheProxy.Hosting.RateLimits;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Tests.Hosting;

/// <summary>A flood of addresses costs bounded memory, and takes nothing from the clients that were there before it.</summary>
public sealed class ClientPartitionsTests
{
    private readonly List<RateLimiter> _made = [];

    [Fact]
    public void Flood_OfAddresses_MakesABoundedNumberOfLimiters()
    {
        var policy = Policy();
        using var limiter = PartitionedRateLimiter.Create<HttpContext, ClientPartition>(policy.GetPartition);
        Assert.True(Acquire(limiter, "203.0.113.1"));

        var refused = Enumerable.Range(0, 10 * ClientPartitions.Own).Count(i => !Acquire(limiter, new IPAddress([10, (byte)(i >> 16), (byte)(i >> 8), (byte)i])));

        Assert.Equal(ClientPartitions.Own + ClientPartitions.Shared, _made.Count);
        Assert.True(refused > 8 * ClientPartitions.Own);
        // Who was there before still has its second permit, and no third.
        Assert.True(Acquire(limiter, "203.0.113.1"));
        Assert.False(Acquire(limiter, "203.0.113.1"));
    }

    [Fact]
    public void Place_OfALimiterThatIsDisposedOf_IsFreeForAnother()
    {
        var policy = Policy();
        var limiters = Enumerable.Range(0, ClientPartitions.Own).Select(i => Enter(policy, new IPAddress([10, 0, (byte)(i >> 8), (byte)i]))).ToList();
        var late = IPAddress.Parse("203.0.113.1");
        Assert.True(Partition(policy, late).PartitionKey.IsShared);

        limiters[7].Dispose();

        Assert.False(Partition(policy, late).PartitionKey.IsShared);
        Enter(policy, late);
        Assert.True(Partition(policy, IPAddress.Parse("203.0.113.2")).PartitionKey.IsShared);
    }

    [Fact]
    public void Limiter_DisposedOfAfterItsSuccessorWasMade_TakesNoPlaceTwice()
    {
        var policy = Policy();
        var client = IPAddress.Parse("10.9.9.9");
        var before = Enter(policy, client);
        Enter(policy, client);
        before.Dispose();

        for (var i = 1; i < ClientPartitions.Own; i++) Enter(policy, new IPAddress([10, 0, (byte)(i >> 8), (byte)i]));

        Assert.True(Partition(policy, IPAddress.Parse("203.0.113.1")).PartitionKey.IsShared);
        Assert.False(Partition(policy, client).PartitionKey.IsShared);
    }

    private RateLimiterPolicy Policy() => new(
        () =>
        {
            var limiter = new FixedWindowRateLimiter(new FixedWindowRateLimiterOptions { PermitLimit = 2, Window = TimeSpan.FromHours(1), AutoReplenishment = false });
            _made.Add(limiter);
            return limiter;
        },
        PartitionBy.ClientAddress);

    private static RateLimiter Enter(RateLimiterPolicy policy, IPAddress client)
    {
        var partition = Partition(policy, client);
        return partition.Factory(partition.PartitionKey);
    }

    private static bool Acquire(PartitionedRateLimiter<HttpContext> limiter, string client) => Acquire(limiter, IPAddress.Parse(client));

    private static bool Acquire(PartitionedRateLimiter<HttpContext> limiter, IPAddress client)
    {
        using var lease = limiter.AttemptAcquire(From(client));
        return lease.IsAcquired;
    }

    private static RateLimitPartition<ClientPartition> Partition(RateLimiterPolicy policy, IPAddress client) => policy.GetPartition(From(client));

    private static DefaultHttpContext From(IPAddress client)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = client;
        return context;
    }
}
