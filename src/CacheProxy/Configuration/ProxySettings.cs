using CacheProxy.Engine;
using CacheProxy.Engine.Policies;

namespace CacheProxy.Configuration;

/// <summary>
/// The settings outside the routes file that are of the cache itself, read once at start, valid as a whole. Listeners, shutdown, logs and
/// management read their own: <see cref="RoomSettings"/> names them.
/// </summary>
public sealed record ProxySettings
{
    /// <summary>The shared tier and the log; <see langword="null"/> for memory only. As written: a StackExchange.Redis string or a <c>redis://</c> URL.</summary>
    public Secret? RedisConnection { get; init; }

    /// <summary>How Redis is used.</summary>
    public required RedisSettings Redis { get; init; }

    /// <summary>Bytes of the memory tier; default the smaller of 256 MiB and a quarter of the container's memory.</summary>
    public required long MemoryLimit { get; init; }

    /// <summary>The invalidation protocol.</summary>
    public required ConsistencySettings Consistency { get; init; }

    /// <summary>How the origin is asked.</summary>
    public required OriginSettings Origin { get; init; }

    /// <summary>Whether <c>Cache-Status</c> and <c>X-Cache</c> are sent; default on.</summary>
    public required bool CacheStatus { get; init; }

    /// <summary>Which request headers say who asks.</summary>
    public required CredentialOptions Credentials { get; init; }

    /// <summary>What one request, body or purge may cost.</summary>
    public required LimitSettings Limits { get; init; }
}

/// <summary>How Redis is used.</summary>
/// <param name="InstanceName">Before every name of ours; default <c>cacheproxy:</c>.</param>
/// <param name="Timeout">What a call may take; default 100 ms, at most 10 s.</param>
/// <param name="Tls">Certificates of connections with TLS.</param>
public sealed record RedisSettings(string InstanceName, TimeSpan Timeout, TlsSettings Tls);

/// <summary>Certificates, as files in PEM.</summary>
/// <param name="Ca">The issuers to trust; <see langword="null"/>: those of the system.</param>
/// <param name="Certificate">Our own; <see langword="null"/>: none is shown.</param>
/// <param name="Key">Its key.</param>
public sealed record TlsSettings(string? Ca, string? Certificate, string? Key);

/// <summary>The invalidation protocol (INVALIDATION).</summary>
/// <param name="Lease">How long a replica may answer without word from the log; default 2 s, 100 ms to 60 s.</param>
/// <param name="OnLostLease">What is done without one; default <c>Origin</c>.</param>
/// <param name="ServeFor">For how long <c>Serve</c> goes on; default 30 s, at most 1 h.</param>
/// <param name="Standbys">Standbys that may be promoted; default 0, at most 16; <see langword="null"/> when it was not said.</param>
/// <param name="LogLimit">Records that the log keeps; default 100 000.</param>
/// <param name="LogBytes">Bytes that the log keeps; default 16 MiB.</param>
public sealed record ConsistencySettings(TimeSpan Lease, OnLostLease OnLostLease, TimeSpan ServeFor, int? Standbys, int LogLimit, long LogBytes);

/// <summary>How the origin is asked.</summary>
/// <param name="ConnectTimeout">Default 2 s, above 0.</param>
/// <param name="MaxConcurrentFills">Fills at once per cluster; default 64, 1 to 65 536.</param>
/// <param name="Tls">Certificates of connections with TLS.</param>
public sealed record OriginSettings(TimeSpan ConnectTimeout, int MaxConcurrentFills, TlsSettings Tls);

/// <summary>Limits (DESIGN 2).</summary>
/// <param name="MaxKeyBodySize">Of a keyed body in bytes; default 1 MiB, at most 64 MiB.</param>
/// <param name="FillMemory">Of all fills in bytes; default 64 MiB.</param>
/// <param name="UnattendedFill">How long a fill goes on without anybody waiting; default 30 s.</param>
/// <param name="HitForMiss">How long an uncacheable key is remembered; default 10 s.</param>
/// <param name="Variants">Per key; default 64.</param>
/// <param name="Tags">Per entry; default 128.</param>
public sealed record LimitSettings(long MaxKeyBodySize, long FillMemory, TimeSpan UnattendedFill, TimeSpan HitForMiss, int Variants, int Tags);
