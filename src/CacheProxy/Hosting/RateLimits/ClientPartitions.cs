using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Threading.RateLimiting;

namespace CacheProxy.Hosting.RateLimits;

/// <summary>
/// The clients of one policy. <see cref="Own"/> of them have a limiter each; while there are as many, the others share <see cref="Shared"/>,
/// chosen by a hash that nobody outside can foresee. So a flood of addresses costs bounded memory, and takes nothing from who was there
/// before it. IPv6 clients are told apart by their first 64 bits, since one host has all of the rest.
/// </summary>
internal sealed class ClientPartitions
{
    /// <summary>How many clients have a limiter of their own.</summary>
    public const int Own = 10_000;

    /// <summary>How many there are for all others.</summary>
    public const int Shared = 64;

    private readonly ConcurrentDictionary<UInt128, RateLimiter> _own = new();
    private int _count;

    /// <summary>Where a client counts.</summary>
    public ClientPartition Of(RateLimiterPolicy policy, IPAddress? address)
    {
        var client = Fold(address);
        return _own.ContainsKey(client) || Volatile.Read(ref _count) < Own ? new(policy, client, false) : new(policy, (uint)client.GetHashCode() % Shared, true);
    }

    /// <summary>Takes a limiter in until it is disposed of, which is done when it has been idle for a while.</summary>
    public RateLimiter Enter(ClientPartition partition, RateLimiter limiter)
    {
        if (partition.IsShared) return limiter;
        var entered = new PartitionLimiter(limiter, left => Leave(partition.Client, left));
        if (_own.TryAdd(partition.Client, entered)) Interlocked.Increment(ref _count);
        // The one before it is idle, and about to be disposed of.
        else _own[partition.Client] = entered;
        return entered;
    }

    private void Leave(UInt128 client, PartitionLimiter limiter)
    {
        if (_own.TryRemove(new KeyValuePair<UInt128, RateLimiter>(client, limiter))) Interlocked.Decrement(ref _count);
    }

    private static UInt128 Fold(IPAddress? address)
    {
        if (address is null) return 0;
        Span<byte> bytes = stackalloc byte[16];
        address.MapToIPv6().TryWriteBytes(bytes, out _);
        if (!address.IsIPv4MappedToIPv6 && address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6) bytes[8..].Clear();
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
