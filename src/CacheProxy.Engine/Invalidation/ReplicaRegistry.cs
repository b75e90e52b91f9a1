using System.Collections.Immutable;
using System.Globalization;

namespace CacheProxy.Engine.Invalidation;

/// <summary>A replica as the log's server knows it.</summary>
/// <param name="Id">Who.</param>
/// <param name="Registration">Number and lease as they are stored; who strikes it off must name them.</param>
/// <param name="Lease">The lease that it registered; <see langword="null"/> if it cannot be read.</param>
/// <param name="Acknowledged">What it has acknowledged; -1 for nothing.</param>
internal sealed record RegisteredReplica(string Id, string Registration, TimeSpan? Lease, long Acknowledged);

/// <summary>All replicas that may hold a lease in an epoch.</summary>
internal sealed record ReplicaRegistry(ImmutableArray<RegisteredReplica> Replicas)
{
    /// <summary>From the control hash: <c>r:&lt;replica&gt;</c> is <c>&lt;number&gt; &lt;lease in ms&gt;</c>, <c>a:&lt;replica&gt;</c> a sequence number.</summary>
    public static ReplicaRegistry Read(IEnumerable<KeyValuePair<string, string>> fields)
    {
        var registrations = new Dictionary<string, string>(StringComparer.Ordinal);
        var acknowledged = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (name, value) in fields)
        {
            if (name.StartsWith("r:", StringComparison.Ordinal)) registrations[name[2..]] = value;
            else if (name.StartsWith("a:", StringComparison.Ordinal) && long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)) acknowledged[name[2..]] = sequence;
        }

        return new([.. registrations.Select(r => new RegisteredReplica(r.Key, r.Value, ReadLease(r.Value), acknowledged.GetValueOrDefault(r.Key, -1)))]);
    }

    private static TimeSpan? ReadLease(string registration)
    {
        var space = registration.LastIndexOf(' ');
        return space >= 0 && long.TryParse(registration.AsSpan(space + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            ? TimeSpan.FromMilliseconds(milliseconds)
            : null;
    }
}
