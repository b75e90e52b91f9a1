using System.Collections.Immutable;
using System.Globalization;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Storage;

namespace CacheProxy.Engine.Tests.Simulation;

/// <summary>What one life of the log's keys holds; copied for standbys, snapshots and roll-backs.</summary>
internal sealed record LogKeys
{
    public Epoch? Epoch { get; init; }

    public string Life { get; init; } = "";

    public long Sequence { get; init; }

    public long Floor { get; init; }

    public long Beats { get; init; }

    public ImmutableSortedDictionary<string, Registered> Registry { get; init; } = ImmutableSortedDictionary<string, Registered>.Empty.WithComparers(StringComparer.Ordinal);

    public ImmutableSortedDictionary<long, string> Records { get; init; } = ImmutableSortedDictionary<long, string>.Empty;

    public ImmutableDictionary<string, (string Nonce, long Sequence)> Ids { get; init; } = ImmutableDictionary<string, (string, long)>.Empty;

    public ImmutableDictionary<string, StoredResponse> Shared { get; init; } = ImmutableDictionary<string, StoredResponse>.Empty;

    internal sealed record Registered(string Registration, TimeSpan Lease, long Acknowledged);
}

/// <summary>
/// A Redis with the log's scripts, each one step (their twins are in <c>Redis/Scripts</c>; <c>RedisLogTransportTests</c> holds those on a real
/// server). It can be flushed, lose a key, restart, be rolled back, be promoted, and stay reachable after another was.
/// </summary>
internal sealed class SimulatedRedis(Scheduler scheduler, Mistake mistake, string name, long wallClock)
{
    private int _lives;
    private readonly List<Action<Epoch, string, string>> _records = [];
    private readonly List<Action<Epoch, string, long>> _acknowledgements = [];
    private int _nonces;

    public string Name => name;

    public bool IsUp { get; set; } = true;

    public bool IsMaster { get; set; } = true;

    /// <summary>Which process and which role this is: <c>run_id</c> and <c>master_replid</c>.</summary>
    public string Life { get; private set; } = name + "0";

    public LogKeys Keys { get; set; } = new();

    /// <summary>Counts writes: what <c>WAIT</c> waits for.</summary>
    public long Offset { get; private set; }

    /// <summary>Called after each write, with the offset and what there is then.</summary>
    public Action<long, LogKeys>? Replicate { get; set; }

    /// <summary>How much a standby has confirmed.</summary>
    public long Confirmed { get; set; }

    public int Standbys { get; set; }

    public void NewLife() => Life = name + (++_lives).ToString(CultureInfo.InvariantCulture);

    public void Listen(Action<Epoch, string, string> record, Action<Epoch, string, long> acknowledgement)
    {
        _records.Add(record);
        _acknowledgements.Add(acknowledgement);
    }

    public void StopListening(Action<Epoch, string, string> record, Action<Epoch, string, long> acknowledgement)
    {
        _records.Remove(record);
        _acknowledgements.Remove(acknowledgement);
    }

    public HeartbeatReply Heartbeat(HeartbeatRequest request)
    {
        Trust(request.Applied?.Epoch, request.Force);
        var same = request.Applied is { } at && at.Epoch == Keys.Epoch;
        var applied = request.Applied?.Sequence ?? -1;
        if (same && mistake != Mistake.ForkNotSeen && IsFork(applied, request.AppliedId))
        {
            Rotate(request.Applied!.Value.Epoch.Number);
            same = false;
        }

        var beat = mistake == Mistake.RegistrationNotUnique ? 1 : Keys.Beats + 1;
        var known = Keys.Registry.GetValueOrDefault(request.Replica);
        var lease = known is not null && known.Lease > request.Registered ? known.Lease : request.Registered;
        var acknowledged = known?.Acknowledged ?? -1;
        var from = Keys.Floor;
        if (same && applied >= Keys.Floor)
        {
            from = applied;
            acknowledged = Math.Max(acknowledged, applied);
        }

        else if (mistake == Mistake.AcknowledgedInAnotherEpoch)
        {
            acknowledged = Math.Max(acknowledged, applied);
        }

        var registered = new LogKeys.Registered(FormattableString.Invariant($"{beat} {lease.TotalMilliseconds:0}"), lease, acknowledged);
        Write(Keys with { Beats = Keys.Beats + 1, Registry = Keys.Registry.SetItem(request.Replica, registered) });
        string[] lines = [.. Keys.Records.Where(r => r.Key > from).Take(4).Select(r => r.Value)];
        return new(Keys.Epoch!, Keys.Sequence, Keys.Floor, lines) { Replicas = Keys.Registry.Count };
    }

    public AppendReply Append(AppendRequest request, ReplicaRegistry? earlier)
    {
        Trust(request.Known, force: false);
        if (Keys.Ids.TryGetValue(request.Id, out var old) && old.Nonce == Keys.Epoch!.Nonce)
            return Reply(old.Sequence, again: true, mistake == Mistake.RedeliveryNotWaitedFor ? new([]) : earlier);
        var sequence = Keys.Sequence + 1;
        var previous = Keys.Records.TryGetValue(Keys.Sequence, out var newest) ? newest.Split(' ')[1] : "";
        var line = FormattableString.Invariant($"{sequence} {request.Id} {scheduler.Now / Scheduler.Second} {request.Json}");
        Write(Keys with
        {
            Sequence = sequence,
            Records = Keys.Records.Add(sequence, line),
            Ids = Keys.Ids.SetItem(request.Id, (Keys.Epoch!.Nonce, sequence)),
        });
        foreach (var listener in _records.ToArray()) listener(Keys.Epoch, previous, line);
        return Reply(sequence, again: false, earlier);
    }

    public bool Acknowledge(Position at, string replica)
    {
        var strict = mistake != Mistake.AcknowledgedInAnotherEpoch;
        if (Keys.Epoch is null || (strict && Keys.Epoch != at.Epoch) || !Keys.Registry.TryGetValue(replica, out var known)) return false;
        if (at.Sequence <= known.Acknowledged) return true;
        Write(Keys with { Registry = Keys.Registry.SetItem(replica, known with { Acknowledged = at.Sequence }) });
        foreach (var listener in _acknowledgements.ToArray()) listener(Keys.Epoch, replica, at.Sequence);
        return true;
    }

    public ReplicaRegistry? Poll(Epoch epoch) => Keys.Epoch == epoch ? Registry() : null;

    public bool Strike(Epoch epoch, string replica, string registration)
    {
        if (Keys.Epoch != epoch || !Keys.Registry.TryGetValue(replica, out var known)) return false;
        if (registration.Length > 0 && known.Registration != registration && mistake != Mistake.StruckOffBlindly) return false;
        Write(Keys with { Registry = Keys.Registry.Remove(replica) });
        return true;
    }

    public bool Trim(Epoch epoch, long records)
    {
        if (Keys.Epoch != epoch) return false;
        var floor = Math.Max(Keys.Floor, Keys.Sequence - records);
        Write(Keys with { Floor = floor, Records = Keys.Records.RemoveRange(Keys.Records.Keys.Where(k => k <= floor)) });
        return true;
    }

    public ReplicaRegistry Registry() => new([.. Keys.Registry.Select(r => new RegisteredReplica(r.Key, r.Value.Registration, r.Value.Lease, r.Value.Acknowledged))]);

    public void Write(LogKeys keys)
    {
        Keys = keys;
        Offset++;
        Replicate?.Invoke(Offset, keys);
    }

    private AppendReply Reply(long sequence, bool again, ReplicaRegistry? registry) =>
        new(new(Keys.Epoch!, sequence), registry ?? Registry(), again, Keys.Records.Count, 0);

    private bool IsFork(long applied, string id)
    {
        if (applied > Keys.Sequence) return true;
        return applied > Keys.Floor && id.Length > 0 && (!Keys.Records.TryGetValue(applied, out var line) || line.Split(' ')[1] != id);
    }

    /// <summary>The twin of life.lua.</summary>
    private void Trust(Epoch? callers, bool force)
    {
        if (!IsMaster) throw new LogTransportException(LogFailure.NotMaster, "simulated: a replica");
        var sameLife = Keys.Life == Life || mistake == Mistake.EpochNotBoundToLife;
        if (Keys.Epoch is not { } epoch || !sameLife || Keys.Records.Count != Keys.Sequence - Keys.Floor) Rotate(callers?.Number ?? 0);
        else if (callers is null) return;
        else if (callers.Number > epoch.Number && !force) throw new LogTransportException(LogFailure.StaleMaster, "simulated: an old master");
        else if (callers.Number > epoch.Number || (callers.Number == epoch.Number && callers.Nonce != epoch.Nonce)) Rotate(callers.Number);
    }

    private void Rotate(long callers)
    {
        var number = Math.Max(Math.Max(Keys.Epoch?.Number ?? 0, callers), (wallClock + scheduler.Now) / Scheduler.Millisecond) + 1;
        var epoch = new Epoch(number, $"{name}{++_nonces}-{scheduler.Random.Next():x}");
        scheduler.Trace(name, $"epoch {epoch.Number} {epoch.Nonce}");
        Write(new LogKeys { Epoch = epoch, Life = Life, Shared = Keys.Shared });
    }
}
