namespace CacheProxy.Engine.Invalidation;

/// <summary>What to do after a heartbeat's reply was worked in.</summary>
/// <param name="AskAgain">There are more records: ask at once.</param>
/// <param name="Acknowledge">The position is another one than the heartbeat named: say so.</param>
/// <param name="Leased">A lease was taken.</param>
/// <param name="Missed">It brought records to a replica that had been level: they had not come by push.</param>
internal readonly record struct HeartbeatOutcome(bool AskAgain, bool Acknowledge, bool Leased, bool Missed);

/// <summary>What to do after a pushed record.</summary>
internal enum PushOutcome
{
    /// <summary>It was known already, or belongs to a life of the log that is over.</summary>
    Nothing,

    /// <summary>It was applied: say so.</summary>
    Acknowledge,

    /// <summary>Records are missing before it, there is no state yet, or the log has a newer life: only a heartbeat can tell.</summary>
    Heartbeat,
}

/// <summary>
/// The log as this replica follows it: a state machine without clock, thread or connection of its own, so that a simulation runs exactly this
/// code. Invariants (INVALIDATION 2): records are applied in order and without a gap; an epoch is adopted only from a heartbeat's reply; a
/// lease is taken only when nothing is missing, and counts from the <em>start</em> of the heartbeat; the snapshot is published before the lease.
/// All methods but <see cref="TakeRight"/> and the properties need <see cref="Gate"/>.
/// </summary>
internal sealed class LogReplica(string id, ConsistencyOptions options, AppliedLog log, Action<Invalidation> applied)
{
    private long _leaseUntil = long.MinValue;
    private long _serveUntil = long.MinValue;
    private Adoption? _adoption;
    private TimeSpan _registered = options.Lease;
    private bool _leaving;
    private bool _held;
    private long? _staleSince;
    private long? _behindSince;
    private bool _level;

    /// <summary>The one applier: pushes and replies are worked in under it, one at a time.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Random for each start of a process: nobody inherits another one's acknowledgements.</summary>
    public string Id { get; } = id;

    public ConsistencyOptions Options => options;

    public Snapshot? Current => log.Current;

    /// <summary>The adopted epoch and since when, on the boot clock.</summary>
    public Adoption? Adopted => Volatile.Read(ref _adoption);

    /// <summary>The lease that the next heartbeat registers. It only grows: a shorter one that arrives late must never undo a longer one.</summary>
    public TimeSpan Registered => _registered;

    /// <summary>Whether the lease is valid at this moment.</summary>
    public bool HasLease(long now) => now < Volatile.Read(ref _leaseUntil);

    /// <summary>The lease first, then the snapshot: the applier publishes the other way round.</summary>
    public ServingRight TakeRight(long now, out Snapshot? snapshot)
    {
        var right = now < Volatile.Read(ref _leaseUntil) ? ServingRight.Full
            : now < Volatile.Read(ref _serveUntil) ? ServingRight.MemoryOnly
            : ServingRight.None;
        snapshot = right == ServingRight.None ? null : log.Current;
        return snapshot is null ? ServingRight.None : right;
    }

    /// <summary>From the next heartbeat on a lease of this length is registered, if it is longer.</summary>
    public void Register(TimeSpan lease) => _registered = lease > _registered ? lease : _registered;

    public HeartbeatRequest BeginHeartbeat(long now, ModeSetting? mode)
    {
        var force = options.Standbys is null or 0 && _staleSince is { } since && now - since >= 2 * BootClock.Nanoseconds(options.Lease);
        return new(Id, log.Current?.Position, log.Current?.AppliedId ?? "", _registered, force, mode, now);
    }

    /// <summary>Works a reply in; decided by what is applied now, not by what was when the heartbeat began.</summary>
    public HeartbeatOutcome Complete(HeartbeatRequest request, HeartbeatReply reply, long now)
    {
        _staleSince = null;
        var state = log.Current;
        // The server would have said that its epoch is older. If it did not, it is not to be followed.
        if (state is not null && reply.Epoch.Number < state.Epoch.Number) return default;
        var isNew = state is null || state.Epoch != reply.Epoch;
        if (isNew || state!.Applied < reply.Floor)
        {
            log.StartOver(reply.Epoch, reply.Floor);
            if (isNew) Volatile.Write(ref _adoption, new(reply.Epoch, now));
        }

        var before = log.Current!.Applied;
        foreach (var line in reply.Lines) ApplyFromReply(line);
        var missed = _level && !isNew && log.Current!.Applied > before;
        var missing = log.Current!.Applied < reply.Sequence;
        if (missing && IsHopeless(request.Started))
        {
            log.StartOver(reply.Epoch, reply.Sequence);
            missing = false;
        }

        if (!missing) _behindSince = null;
        _level = !missing;
        var leased = !missing && TakeLease(request);
        return new(missing, log.Current!.Position != request.Applied, leased, missed);
    }

    /// <summary>Takes note of a heartbeat that failed.</summary>
    public void Fail(LogFailure failure, long now) => _staleSince = failure == LogFailure.StaleMaster ? _staleSince ?? now : null;

    /// <summary>
    /// Works a pushed record in. It names the one before it, since a log that was rolled back in place counts on from where it was: the next
    /// number alone does not say that this replica has all records before it.
    /// </summary>
    public PushOutcome Push(Epoch epoch, LogRecord? record, string previous = "")
    {
        var state = log.Current;
        if (state is null || epoch.Number > state.Epoch.Number) return PushOutcome.Heartbeat;
        if (epoch != state.Epoch) return epoch.Number == state.Epoch.Number ? PushOutcome.Heartbeat : PushOutcome.Nothing;
        if (record is null || record.Sequence > state.Applied + 1) return PushOutcome.Heartbeat;
        if (record.Sequence < state.Applied) return PushOutcome.Nothing;
        if (record.Sequence == state.Applied) return Differs(record.Id, state) ? PushOutcome.Heartbeat : PushOutcome.Nothing;
        if (Differs(previous, state)) return PushOutcome.Heartbeat;
        Apply(record);
        return PushOutcome.Acknowledge;
    }

    /// <summary>Purges of changes that have happened and could not be recorded: no lease until there are none.</summary>
    public void Hold(IReadOnlyCollection<Invalidation> purges)
    {
        _held = purges.Count > 0;
        if (_held) Volatile.Write(ref _leaseUntil, long.MinValue);
        log.Hold(purges);
    }

    /// <summary>No lease is taken from now on, replies that are still to come included; the one there is, is given up.</summary>
    public void Leave()
    {
        _leaving = true;
        GiveUp();
    }

    /// <summary>Gives up every right to answer.</summary>
    public void GiveUp()
    {
        Volatile.Write(ref _leaseUntil, long.MinValue);
        Volatile.Write(ref _serveUntil, long.MinValue);
    }

    private static bool Differs(string id, Snapshot state) => id.Length > 0 && state.AppliedId.Length > 0 && id != state.AppliedId;

    private bool TakeLease(HeartbeatRequest request)
    {
        if (_leaving || _held) return false;
        Volatile.Write(ref _leaseUntil, request.Started + BootClock.Nanoseconds(options.Lease));
        if (request.Registered > options.Lease) Volatile.Write(ref _serveUntil, request.Started + BootClock.Nanoseconds(request.Registered));
        return true;
    }

    /// <summary>Still not level after a whole lease of asking: what was stored is given up for an end.</summary>
    private bool IsHopeless(long started)
    {
        _behindSince ??= started;
        if (started - _behindSince < BootClock.Nanoseconds(options.Lease)) return false;
        _behindSince = null;
        return true;
    }

    private void ApplyFromReply(string line)
    {
        var next = log.Current!.Applied + 1;
        var record = LogRecord.Parse(line);
        if (record is null) Apply(new(next, "", 0, null));
        else if (record.Sequence > next) Apply(record with { Invalidation = null });
        else if (record.Sequence == next) Apply(record);
    }

    private void Apply(LogRecord record)
    {
        log.Apply(record.Sequence, record.Id, record.Invalidation);
        applied(record.Effect);
    }

    /// <summary>An epoch, and when this replica first heard of it from a heartbeat.</summary>
    internal sealed record Adoption(Epoch Epoch, long At);
}
