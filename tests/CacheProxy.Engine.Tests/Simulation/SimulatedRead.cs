using System.Collections.Immutable;
using CacheProxy.Engine.Caching;
using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Storage;

namespace CacheProxy.Engine.Tests.Simulation;

/// <summary>
/// One request, in the steps of <c>CacheMiddleware</c> and <c>FillClient</c>, with the product's lease, snapshot, memory, verdicts and
/// registry of fills; between any two steps the rest of the world may go on. At its end it is held against what had been promised at its start.
/// </summary>
internal sealed class SimulatedRead
{
    private const int MaxAttempts = 4;
    private readonly World _world;
    private readonly SimulatedReplica _replica;
    private readonly Model _model;
    private readonly int _hard;
    private readonly int _soft;
    private readonly long _started;
    private MemoryEntry? _stored;

    public SimulatedRead(World world, SimulatedReplica replica, Model model)
    {
        (_world, _replica, _model, _started) = (world, replica, model, world.Scheduler.Now);
        var here = world.PromisedHere.GetValueOrDefault(replica);
        _hard = Math.Max(world.Promised.Hard(model), here?.Hard(model) ?? 0);
        _soft = Math.Max(world.Promised.Soft(model), here?.Soft(model) ?? 0);
    }

    private Scheduler Scheduler => _world.Scheduler;

    public void Start()
    {
        _world.Reads++;
        if (_world.Mistake == Mistake.SnapshotBeforeLease && _replica.Log.Current is { } early)
            _replica.After(0, () => Preempted(() => Look(_replica.Log.TakeRight(out _), early)));
        else
            _replica.Post(() => Look(TakeRight(out var snapshot), snapshot));
    }

    /// <summary>A thread may lose its core anywhere, for long.</summary>
    private void Preempted(Action step)
    {
        if (Scheduler.Chance(0.7)) step();
        else _replica.After(Scheduler.Chance(0.2) ? Scheduler.Between(0, 3 * Scheduler.Second) : Scheduler.Between(0, 5 * Scheduler.Millisecond), step);
    }

    private ServingRight TakeRight(out Snapshot? snapshot)
    {
        var right = _replica.Log.TakeRight(out snapshot);
        var granted = _world.Mistake == Mistake.LeaseNotAsked || (_world.Mistake == Mistake.LeaseIsAFlag && _replica.LeaseFlag);
        if (!granted || _replica.Log.Current is not { } current) return right;
        snapshot = current;
        return ServingRight.Full;
    }

    private void Look(ServingRight right, Snapshot? snapshot)
    {
        var mayAnswer = right == ServingRight.Full || (right == ServingRight.MemoryOnly && _replica.Options.OnLostLease == OnLostLease.Serve);
        if (!mayAnswer) Preempted(() => Fill(attempt: 0));
        else Preempted(() => Check(snapshot!));
    }

    private void Check(Snapshot snapshot)
    {
        var entry = _replica.Memory.Find(_model.Identity).FirstOrDefault();
        var verdict = entry?.Check(snapshot) ?? Verdict.Invalid;
        if (verdict == Verdict.Stale && _world.Mistake == Mistake.SoftIgnored) verdict = Verdict.Valid;
        if (verdict == Verdict.Valid)
        {
            Answer(entry!.Response, "memory", stale: false, hit: true);
            return;
        }

        _stored = verdict == Verdict.Stale || _world.Mistake == Mistake.InvalidAsFallback ? entry : null;
        Preempted(() => Fill(attempt: 0));
    }

    private void Fill(int attempt)
    {
        var right = TakeRight(out var snapshot);
        var fills = _replica.Fills;
        (FillAttendance Attendance, bool Started) share;
        if (attempt > MaxAttempts)
        {
            var own = Create(right, shared: false);
            share = (own.Attend(), true);
            new SimulatedFill(_world, _replica, _model, own, static _ => { }).Start();
        }
        else if (right == ServingRight.Full)
        {
            share = fills.Join(_model.Identity, fill => MayJoin(fill, snapshot!), () => Create(right, shared: true), Run);
        }
        else
        {
            share = _world.Mistake == Mistake.JoinedWithoutLease
                ? fills.Join(_model.Identity, static _ => true, () => Create(right, shared: true), Run)
                : fills.JoinNext(_model.Identity, () => Create(right, shared: true), Run);
        }

        _ = WaitAsync(share.Attendance.Fill, share.Started, right, attempt);
    }

    private bool MayJoin(Fill fill, Snapshot snapshot) => _world.Mistake == Mistake.JoinedUnchecked || fill.WouldBeValid(snapshot, _model.Tags);

    private Fill Create(ServingRight right, bool shared) =>
        new(_model.Request, _model.Identity, _stored, new FillBody(_replica.Budget, 1 << 16), TimeSpan.FromSeconds(30), _replica.Time)
        {
            IsShared = shared,
            MayUseShared = shared && right == ServingRight.Full,
        };

    private void Run(Fill fill) => new SimulatedFill(_world, _replica, _model, fill, _replica.Fills.Remove).Start();

    /// <summary>The outcome may be looked at long after it is there.</summary>
    private async Task WaitAsync(Fill fill, bool started, ServingRight right, int attempt)
    {
        var outcome = await fill.Outcome;
        switch (outcome)
        {
            case FillOutcome.Serving serving when IsValidNow(serving):
                Answer(serving.Entry.Response, serving.Stale is null ? "shared tier" : "instead of an error", serving.Stale is not null, hit: true);
                break;
            case FillOutcome.Serving:
                Fill(attempt + 1);
                break;
            case FillOutcome.Responding { Prototype: { } prototype } when started || IsShareable(fill, prototype, right):
                Answer(prototype, started ? "origin" : "joined fill", stale: false, hit: false);
                break;
            case FillOutcome.Responding when !started:
                Fill(attempt + 1);
                break;
        }
    }

    private bool IsValidNow(FillOutcome.Serving serving)
    {
        if (_world.Mistake == Mistake.SharedNotChecked && serving.Stale is null) return true;
        if (_world.Mistake == Mistake.InvalidAsFallback && serving.Stale is not null) return true;
        return TakeRight(out var snapshot) == ServingRight.Full && serving.Entry.Check(snapshot!) != Verdict.Invalid;
    }

    private bool IsShareable(Fill fill, StoredResponse prototype, ServingRight right)
    {
        if (right != ServingRight.Full || _world.Mistake is Mistake.JoinedUnchecked) return true;
        var tags = _world.Mistake == Mistake.HeadNotChecked ? _model.Tags : prototype.Tags;
        return TakeRight(out var now) == ServingRight.Full && fill.WouldBeValid(now!, tags);
    }

    private void Answer(StoredResponse response, string from, bool stale, bool hit)
    {
        var version = SimulatedFill.VersionOf(response);
        if (hit) _world.Hits++;
        var least = stale ? _hard : Math.Max(_hard, _soft);
        Scheduler.Trace("reader", $"{_model.Key} at replica{_replica.Slot}: version {version} from {from}, stamp {response.Stamp.Epoch.Number}/{response.Stamp.Sequence}, begun {_started / 1e9:0.000000}");
        if (version < least && !_world.IsForgiven(_started))
            _world.Break(FormattableString.Invariant($"{_model.Key} at replica {_replica.Slot}, {Scheduler.Now / 1e9:0.000000} s: version {version} from {from}; at its start, {_started / 1e9:0.000000} s, a purge of version {least} was acknowledged"));
    }
}

/// <summary>A fill, in the steps of <c>FillRunner</c>: stamp, shared tier, origin, store.</summary>
internal sealed class SimulatedFill(World world, SimulatedReplica replica, Model model, Fill fill, Action<Fill> ended)
{
    private static readonly DateTimeOffset s_long = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private Scheduler Scheduler => world.Scheduler;

    private bool StampsLate => world.Mistake == Mistake.StampAfterTheAnswer;

    public static int VersionOf(StoredResponse response) => BitConverter.ToInt32(response.Body.Span);

    public void Start() => replica.After(Scheduler.Between(0, Scheduler.Millisecond), () =>
    {
        if (!StampsLate) fill.Begin(replica.Log);
        if (!fill.MayUseShared || fill.Snapshot is null) Ask();
        else replica.After(world.Delay(), Look);
    });

    private void Look()
    {
        var redis = world.RedisOf(replica.Slot);
        if (!redis.IsUp || replica.Link.IsCut || !redis.Keys.Shared.TryGetValue(model.Key, out var found))
        {
            Ask();
            return;
        }

        replica.After(world.Delay(), () =>
        {
            var response = world.Mistake == Mistake.EpochNotCompared ? found with { Stamp = new(fill.Snapshot!.Epoch, found.Stamp.Sequence) } : found;
            var entry = new MemoryEntry(response, replica.Time);
            if (world.Mistake != Mistake.SharedNotChecked && entry.Check(fill.Snapshot!) != Verdict.Valid)
            {
                Ask();
                return;
            }

            fill.Decide(new FillOutcome.Serving(replica.Memory.Add(response), CacheResult.HitShared, null));
            ended(fill);
        });
    }

    private void Ask() => replica.After(OriginDelay(), () =>
    {
        // The origin reads here, and its answer is under way while the world goes on.
        var fails = Scheduler.Chance(0.08);
        var version = world.Committed[model.Index];
        replica.After(OriginDelay(), () =>
        {
            if (fails) Fail();
            else Receive(version);
        });
    });

    private void Fail()
    {
        var stored = fill.Stored;
        var usable = stored is not null && (world.Mistake == Mistake.InvalidAsFallback || (fill.Snapshot is { } begun && stored.Check(begun) != Verdict.Invalid));
        fill.Decide(usable ? new FillOutcome.Serving(stored!, CacheResult.Stale, StaleReason.IfError) : new FillOutcome.Failed(FillFailure.Unreachable));
        ended(fill);
    }

    private void Receive(int version)
    {
        if (StampsLate) fill.Begin(replica.Log);
        // Without a state there is no stamp, and nothing is stored; the version goes to the one who asked all the same.
        var response = Respond(version, fill.Snapshot?.Position ?? new Position(new Epoch(0, "none"), 0));
        fill.Decide(new FillOutcome.Responding(200, HeaderFields.Empty, response, Storable.Yes));
        replica.After(Scheduler.Between(0, 2 * Scheduler.Millisecond), () =>
        {
            if (fill.Snapshot is not null) replica.Memory.Add(response);
            ended(fill);
            if (fill.Snapshot is null || !fill.IsShared) return;
            var redis = world.RedisOf(replica.Slot);
            Scheduler.After(world.Delay(), () =>
            {
                if (redis.IsUp && redis.IsMaster) redis.Write(redis.Keys with { Shared = redis.Keys.Shared.SetItem(model.Key, response) });
            });
        });
    }

    private StoredResponse Respond(int version, Position stamp) => new()
    {
        Identity = model.Identity,
        Name = model.Key,
        PrimaryKey = model.Key,
        Policy = "simulated",
        Fingerprint = Model.Fingerprint,
        Tags = model.AllTags,
        Stamp = stamp,
        Status = 200,
        Headers = HeaderFields.Empty,
        Body = BitConverter.GetBytes(version),
        RequestTime = s_long,
        ResponseTime = s_long,
        InitialAge = TimeSpan.Zero,
        FreshUntilAge = TimeSpan.FromHours(1),
    };

    private long OriginDelay() => Scheduler.Chance(0.1) ? Scheduler.Between(0, 3 * Scheduler.Second) : Scheduler.Between(0, 20 * Scheduler.Millisecond);
}
