using System.Buffers;

namespace CacheProxy.Engine.Redis;

/// <summary>Where the shared tier and the log of purges are (<c>ConnectionStrings:Redis</c> or <c>REDIS_URL</c>, and <c>Redis</c>).</summary>
public sealed record RedisOptions
{
    private static readonly SearchValues<char> s_notInNames = SearchValues.Create("{} \t\r\n*?[]\\");

    /// <summary>The server; <see langword="null"/>: memory only, one process.</summary>
    public RedisConnectionString? ConnectionString { get; init; }

    /// <summary><c>InstanceName</c>: what every name of ours in Redis begins with, default <c>cacheproxy:</c>. Replicas with the same one are a cluster.</summary>
    public string InstanceName { get; init; } = "cacheproxy:";

    /// <summary><c>Timeout</c>: the most that one call may take, 10 ms to 5 s, default 100 ms.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary><c>Tls:Ca</c>: a file with the certificate of the issuer to trust, in PEM.</summary>
    public string? CaPath { get; init; }

    /// <summary><c>Tls:Certificate</c>: a file with our own certificate, in PEM; with <see cref="KeyPath"/>.</summary>
    public string? CertificatePath { get; init; }

    /// <summary><c>Tls:Key</c>: a file with its key, in PEM.</summary>
    public string? KeyPath { get; init; }

    /// <summary>Whether the client library lets commands about the server itself through (<c>CONFIG</c>): for those who look at it, not for requests.</summary>
    public bool AllowAdmin { get; init; }

    /// <summary>Adds what is out of its bounds to <paramref name="errors"/>, as setting, value and remedy.</summary>
    public void Validate(ICollection<string> errors)
    {
        ArgumentNullException.ThrowIfNull(errors);
        if (Timeout < TimeSpan.FromMilliseconds(10) || Timeout > TimeSpan.FromSeconds(5)) errors.Add($"Redis:Timeout = {Timeout} is not between 10ms and 5s.");
        if (InstanceName.Length == 0) errors.Add("Redis:InstanceName is empty, so our names could be anybody's. Write a prefix, for instance cacheproxy:.");
        else if (InstanceName.AsSpan().ContainsAny(s_notInNames))
            errors.Add($"Redis:InstanceName = '{InstanceName}' contains a blank, a brace or a wildcard character. Write letters, digits, '-', '_' and ':'.");
        if (CertificatePath is null != KeyPath is null) errors.Add("Redis:Tls:Certificate and Redis:Tls:Key belong together: one of them is missing.");
        foreach (var (name, path) in new[] { ("Ca", CaPath), ("Certificate", CertificatePath), ("Key", KeyPath) })
            if (path is not null && !File.Exists(path)) errors.Add($"Redis:Tls:{name} = '{path}' is not a file that can be read.");
    }
}
