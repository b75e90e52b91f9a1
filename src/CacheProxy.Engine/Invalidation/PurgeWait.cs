namespace CacheProxy.Engine.Invalidation;

/// <summary>
/// What a recorded purge still waits for (INVALIDATION 4): every replica of the registry that its append returned, until each has
/// acknowledged in that epoch or can hold no lease any more; and, close to a change of epoch, those of the epoch before. No clock and no
/// connection of its own. Thread-safe: acknowledgements come from another thread than the one that waits.
/// </summary>
internal sealed class PurgeWait
{
    // The kernel may slew the clocks of two machines by 10 % each, in opposite directions.
    private const double Drift = 1.25;
    private static readonly TimeSpan s_margin = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, RegisteredReplica> _missing = new(StringComparer.Ordinal);
    private readonly long _waitedOut;
    private readonly long _quarantineOver;
    private readonly int _registered;

    /// <param name="reply">What the append returned.</param>
    /// <param name="repliedAt">When, on the boot clock.</param>
    /// <param name="adopted">The epoch that this replica follows.</param>
    /// <param name="largestLease">The largest lease configured anywhere, as far as this replica knows.</param>
    public PurgeWait(AppendReply reply, long repliedAt, LogReplica.Adoption? adopted, TimeSpan largestLease)
    {
        Position = reply.Position;
        _registered = reply.Registry.Replicas.Length;
        var largest = TimeSpan.Zero;
        foreach (var replica in reply.Registry.Replicas)
        {
            if (replica.Acknowledged >= Position.Sequence) continue;
            _missing.Add(replica.Id, replica);
        }

        // The registry's largest, of those that have acknowledged too: one rule for all.
        foreach (var replica in reply.Registry.Replicas)
        {
            var lease = replica.Lease ?? largestLease;
            if (lease > largest) largest = lease;
        }

        if (largest > largestLease) largestLease = largest;
        _waitedOut = repliedAt + Length(largest);
        var quarantine = Length(largestLease);
        var settled = adopted is not null && adopted.Epoch == Position.Epoch && repliedAt - adopted.At >= quarantine;
        _quarantineOver = settled ? long.MinValue : repliedAt + quarantine;
    }

    public Position Position { get; }

    /// <summary>Replicas that acknowledged.</summary>
    public int Confirmed
    {
        get { lock (_gate) return _registered - _missing.Count; }
    }

    /// <summary>Those that did not, with the registration by which they may be struck off.</summary>
    public IReadOnlyList<RegisteredReplica> Missing
    {
        get { lock (_gate) return [.. _missing.Values]; }
    }

    /// <summary>How long a wait for a lease takes.</summary>
    public static long Length(TimeSpan lease) => (long)(BootClock.Nanoseconds(lease) * Drift) + BootClock.Nanoseconds(s_margin);

    /// <summary>Takes note of an acknowledgement; true if somebody was waited for who need not be any more.</summary>
    public bool Acknowledge(Epoch epoch, string replica, long applied)
    {
        if (epoch != Position.Epoch || applied < Position.Sequence) return false;
        lock (_gate) return _missing.Remove(replica);
    }

    /// <summary>Takes note of a registry of the same epoch. Who has left it since has given its lease up, or is waited for: no news.</summary>
    public void Acknowledge(ReplicaRegistry registry)
    {
        foreach (var replica in registry.Replicas) Acknowledge(Position.Epoch, replica.Id, replica.Acknowledged);
    }

    /// <summary>When the purge is true everywhere, if nothing more is heard; in the past, if it is.</summary>
    public long OverAt()
    {
        lock (_gate) return Math.Max(_missing.Count == 0 ? long.MinValue : _waitedOut, _quarantineOver);
    }
}
