using CacheProxy.Engine.Caching;
using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Storage;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Tests.Simulation;

/// <summary>
/// One request, in the steps of <c>CacheMiddleware</c> and <c>FillClient</c>, with the product's lease, snapshot, memory, verdicts and
/// registry of fills; between any two steps the rest of the world may go on. At its end it is held against what had been promised at its start.
/// </summary>
internal sealed class SimulatedRead
{
    private const int MaxAttempts = 4;
    private static readonly Asks[] s_asks = [Asks.Whole, Asks.Whole, Asks.Whole, Asks.Front, Asks.Back, Asks.Head];
    private static readonly Asks[] s_asksForParts = [Asks.Whole, Asks.Front, Asks.Front, Asks.Front];
    private readonly World _world;
    private readonly SimulatedReplica _replica;
    private readonly Model _model;
    private readonly int _hard;
    private readonly int _soft;
    private readonly long _started;
    private readonly Asks _asks;
    private readonly DefaultHttpContext _context;
    private MemoryEntry? _stored;
    private MemoryEntry? _part;

    public SimulatedRead(World world, SimulatedReplica replica, Model model)
    {
        (_world, _replica, _model, _started) = (world, replica, model, world.Scheduler.Now);
        _asks = world.Derives ? world.Scheduler.Any(world.ReadsParts ? s_asksForParts : s_asks) : Asks.Whole;
        _context = _asks.ToContext();
        var here = world.PromisedHere.GetValueOrDefault(replica);
        _hard = Math.Max(world.Promised.Hard(model), here?.Hard(model) ?? 0);
        _soft = Math.Max(world.Promised.Soft(model), here?.Soft(model) ?? 0);
    }

    private Scheduler Scheduler => _world.Scheduler;

    public void Start()
    {
        _world.Reads++;
        if (_world.Mistake == Mistake.SnapshotBeforeLease && _replica.Log.Current is { } early)
            _replica.After(0, () => _replica.Preempted(() => Look(_replica.Log.TakeRight(out _), early)));
        else
            _replica.Post(() => Look(TakeRight(out var snapshot), snapshot));
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
        if (mayAnswer) _replica.Preempted(() => Check(snapshot!));
        else _replica.Preempted(() => Fill(attempt: 0));
    }

    private void Check(Snapshot snapshot)
    {
        var entries = _replica.Memory.Find(_model.Identity);
        var (whole, part) = (entries.FirstOrDefault(e => !e.Response.IsPartial), entries.FirstOrDefault(e => e.Response.IsPartial));
        var verdict = whole?.Check(snapshot) ?? Verdict.Invalid;
        if (verdict == Verdict.Stale && _world.Mistake == Mistake.SoftIgnored) verdict = Verdict.Valid;
        if (verdict == Verdict.Valid && IsYoung(whole!))
        {
            Answer(whole!.Response.Body.Span, whole.Response.Stamp, "memory", stale: false, hit: true);
            return;
        }

        if (verdict == Verdict.Invalid && part?.Check(snapshot) == Verdict.Valid && IsYoung(part)
            && Parts.Answer(part.Response, _context.Request.Headers, _replica.Time.GetUtcNow()) is { } piece)
        {
            Answer(part.Response.Body.Span.Slice(piece.Offset, piece.Length), part.Response.Stamp, "a part in memory", stale: false, hit: true);
            return;
        }

        _stored = verdict != Verdict.Invalid || _world.Mistake is Mistake.InvalidAsFallback or Mistake.InvalidAsValidator ? whole : null;
        _part = part?.Check(snapshot) != Verdict.Invalid ? part
            : _world.Mistake == Mistake.InvalidPartCompleted ? new MemoryEntry(part.Response with { Stamp = snapshot.Position }, _replica.Time)
            : null;
        if (whole is null && part is null && _world.LooksBeforeFills && _world.Mistake != Mistake.InvalidAsFallback) _replica.Preempted(LookShared);
        else _replica.Preempted(() => Fill(attempt: 0));
    }

    // What is in memory in no form is looked for in the shared tier before any fill.
    private void LookShared()
    {
        var redis = _world.RedisOf(_replica.Slot);
        if (_replica.Log.TakeRight(out _) != ServingRight.Full || !redis.IsUp || _replica.Link.IsCut || !redis.Keys.Shared.TryGetValue(_model.Key, out var found))
        {
            Fill(attempt: 0);
            return;
        }
        _replica.After(_world.Delay(), () =>
        {
            var right = TakeRight(out var snapshot);
            var response = _world.Mistake == Mistake.EpochNotCompared && snapshot is not null ? found with { Stamp = new(snapshot.Epoch, found.Stamp.Sequence) } : found;
            var entry = new MemoryEntry(response, _replica.Time);
            if (!IsAnswer(entry, right, snapshot))
            {
                _replica.Preempted(() => Fill(attempt: 0));
                return;
            }
            _replica.Memory.Add(entry);
            _replica.Preempted(() =>
            {
                if (IsAnswer(entry, TakeRight(out var now), now)) Answer(response.Body.Span, response.Stamp, "shared tier, before a fill", stale: false, hit: true);
                else Fill(attempt: 0);
            });
        });
    }

    private bool IsAnswer(MemoryEntry entry, ServingRight right, Snapshot? snapshot) =>
        IsYoung(entry) && (_world.Mistake == Mistake.SharedNotChecked || (right == ServingRight.Full && entry.Check(snapshot!) == Verdict.Valid));

    private static bool IsYoung(MemoryEntry entry) => entry.Age < entry.Response.FreshUntilAge && !entry.Response.AlwaysValidate;

    private void Fill(int attempt)
    {
        // A HEAD that nothing is stored for goes past the cache.
        if (_asks == Asks.Head && _stored is null) return;
        var right = TakeRight(out var snapshot);
        var isChecked = _world.Mistake is not (Mistake.InvalidAsFallback or Mistake.InvalidAsValidator);
        var stored = !isChecked || (right == ServingRight.Full && _stored?.Check(snapshot!) != Verdict.Invalid) ? _stored : null;
        var request = RequestWith(stored);
        var key = FillKey.Of(request, [], SimulatedReplica.Headers);
        var fills = _replica.Fills;
        (FillAttendance Attendance, bool Started) share;
        if (attempt > MaxAttempts || _asks == Asks.Head)
        {
            var own = Create(request, stored, right, shared: false);
            share = (own.Attend(), true);
            new SimulatedFill(_world, _replica, _model, own, static _ => { }).Start();
        }
        else if (right == ServingRight.Full)
        {
            share = fills.Join(key, request, (fill, _) => MayJoin(fill, snapshot!), wanted => Create(wanted, stored, right, shared: true), Run);
        }
        else
        {
            share = _world.Mistake == Mistake.JoinedWithoutLease
                ? fills.Join(key, request, static (_, _) => true, wanted => Create(wanted, stored, right, shared: true), Run)
                : fills.JoinNext(key, request, wanted => Create(wanted, stored, right, shared: true), Run);
        }

        _ = WaitAsync(share.Attendance.Fill, share.Started, right, attempt);
    }

    private bool MayJoin(Fill fill, Snapshot snapshot) => _world.Mistake == Mistake.JoinedUnchecked || fill.MayBeJoined(snapshot, _model.Tags);

    private FillRequest RequestWith(MemoryEntry? stored) =>
        new(_context, new FillDemand(_model.Plan, new MemoryLookup(ServingRight.None, stored, _part, false, false), null, 0), hasCredentials: false, asksHead: _asks == Asks.Head);

    private Fill Create(FillRequest request, MemoryEntry? stored, ServingRight right, bool shared) =>
        new(request, FillKey.Of(request, [], SimulatedReplica.Headers), stored, new FillBody(_replica.Budget, 1 << 16), TimeSpan.FromSeconds(30), _replica.Time)
        {
            IsShared = shared,
            MayUseStored = shared && right == ServingRight.Full,
            MayUseParts = right == ServingRight.Full || _world.Mistake == Mistake.PartUsedWithoutLease,
        };

    private void Run(Fill fill) => new SimulatedFill(_world, _replica, _model, fill, _replica.Fills.Remove).Start();

    /// <summary>The outcome may be looked at long after it is there.</summary>
    private async Task WaitAsync(Fill fill, bool started, ServingRight right, int attempt)
    {
        var outcome = await fill.Outcome;
        switch (outcome)
        {
            // What the origin has just confirmed to this very request needs no lease.
            case FillOutcome.Serving { Result: CacheResult.Revalidated } confirmed when started || right != ServingRight.Full:
                Answer(confirmed.Entry.Response.Body.Span, confirmed.Entry.Response.Stamp, "memory, confirmed", stale: false, hit: false);
                break;
            case FillOutcome.Serving serving when IsValidNow(serving):
                Answer(serving.Entry.Response.Body.Span, serving.Entry.Response.Stamp, serving.Stale is null ? "shared tier" : "instead of an error", serving.Stale is not null, hit: true);
                break;
            case FillOutcome.Serving:
                Fill(attempt + 1);
                break;
            case FillOutcome.Responding { Prototype: { } prototype } when !started && !IsShareable(fill, prototype, right):
                Fill(attempt + 1);
                break;
            case FillOutcome.Responding { Prototype: null } when !started:
                Fill(MaxAttempts + 1);
                break;
            case FillOutcome.Responding:
                Answer(_replica.Bodies[fill], fill.Snapshot?.Position, started ? "origin" : "joined fill", stale: false, hit: false);
                break;
        }
    }

    private bool IsValidNow(FillOutcome.Serving serving)
    {
        if (_world.Mistake == Mistake.SharedNotChecked && serving.Stale is null) return true;
        if (_world.Mistake == Mistake.InvalidAsFallback && serving.Stale is not null) return true;
        if (TakeRight(out var snapshot) != ServingRight.Full) return false;
        var verdict = serving.Entry.Check(snapshot!);
        return verdict == Verdict.Valid || (verdict == Verdict.Stale && (serving.Stale is not null || _world.Mistake == Mistake.StaleFollowedAsFresh));
    }

    private bool IsShareable(Fill fill, StoredResponse prototype, ServingRight right)
    {
        if (right != ServingRight.Full || _world.Mistake is Mistake.JoinedUnchecked) return true;
        var tags = _world.Mistake == Mistake.HeadNotChecked ? _model.Tags : prototype.Tags;
        return TakeRight(out var now) == ServingRight.Full && fill.WouldBeValid(now!, tags);
    }

    private void Answer(ReadOnlySpan<byte> body, Position? stamp, string from, bool stale, bool hit)
    {
        if (body.IsEmpty) return;
        var version = SimulatedOrigin.OldestIn(body);
        if (hit) _world.Hits++;
        var least = stale ? _hard : Math.Max(_hard, _soft);
        Scheduler.Trace("reader", $"{_model.Key} at replica{_replica.Slot}: version {version} from {from}, stamp {stamp?.Epoch.Number}/{stamp?.Sequence}, begun {_started / 1e9:0.000000}");
        if (version < least && !_world.IsForgiven(_started))
            _world.Break(FormattableString.Invariant($"{_model.Key} at replica {_replica.Slot}, {Scheduler.Now / 1e9:0.000000} s: version {version} from {from}; at its start, {_started / 1e9:0.000000} s, a purge of version {least} was acknowledged"));
    }
}
