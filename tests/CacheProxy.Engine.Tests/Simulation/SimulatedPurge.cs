using CacheProxy.Engine.Invalidation;
using Purge = CacheProxy.Engine.Invalidation.Invalidation;

namespace CacheProxy.Engine.Tests.Simulation;

/// <summary>
/// A backend that commits new versions and has them purged: it sends again, under the same id and to whichever replica, until it has its
/// acknowledgement, and from then on every read must see what it committed.
/// </summary>
internal sealed class SimulatedPurge
{
    private const int MostAttempts = 8;
    private readonly World _world;
    private readonly Purge _invalidation;
    private readonly List<(Model Model, int Version)> _changes = [];
    private readonly string _id;
    private int _attempts;
    private bool _done;

    public SimulatedPurge(World world, int number)
    {
        _world = world;
        var scheduler = world.Scheduler;
        var model = scheduler.Any(Model.All);
        var mode = scheduler.Chance(0.2) ? InvalidationMode.Soft : scheduler.Chance(0.2) ? InvalidationMode.Refresh : InvalidationMode.Hard;
        var (names, affected) = scheduler.Random.Next(10) switch
        {
            0 or 1 or 2 => (new Purge { Keys = [model.Key] }, (Func<Model, bool>)(m => m == model)),
            3 or 4 => (new() { Tags = [model.Tags[0]] }, m => m == model),
            5 => (new() { Tags = [model.Tags[1]] }, m => m.Tags[1] == model.Tags[1]),
            6 => (new() { Tags = [Model.LateTag] }, m => m.AllTags.Contains(Model.LateTag)),
            7 => (new() { Patterns = ["m:[01]"] }, m => m.Index < 2),
            8 => (new() { Patterns = ["m:*"] }, _ => true),
            _ => (Purge.OfEverything, _ => true),
        };
        _invalidation = names with { Mode = mode };
        // Now and then a sender takes an id that it has used for something else. (The same once more would be a redelivery.)
        _id = scheduler.Chance(0.15) && world.ContentsOfReusedId.Add(LogRecord.Serialize(_invalidation)) ? "again" : "purge" + number;
        foreach (var changed in Model.All.Where(affected)) _changes.Add((changed, ++world.Committed[changed.Index]));
        scheduler.Trace("writer", $"{_id}: commits {Text}");
    }

    private Scheduler Scheduler => _world.Scheduler;

    private string Text => string.Join(", ", _changes.Select(c => $"{c.Model.Key} = {c.Version}")) + $" ({_invalidation.Mode})";

    public void Start() => Scheduler.After(_world.Delay(), Send);

    /// <summary>The same change as an unsafe request through the replica: its promise is the process's own if the log cannot be reached.</summary>
    public void StartAfterChange(SimulatedReplica replica)
    {
        replica.Post(() => _ = ChangeAsync());

        async Task ChangeAsync()
        {
            await replica.Log.AppendAfterChangeAsync(_invalidation, InvalidationSource.UnsafeRequest);
            Scheduler.Trace("writer", $"{_id}: answered at replica{replica.Slot} after the change");
            if (!_world.PromisedHere.TryGetValue(replica, out var floors)) _world.PromisedHere[replica] = floors = new();
            foreach (var (model, version) in _changes) floors.Raise(model, version, _invalidation);
            _world.ReadEverythingAt(replica);
        }
    }

    private void Send()
    {
        if (_done || ++_attempts > MostAttempts) return;
        var replicas = _world.Replicas.Where(r => r.IsAlive).ToArray();
        if (replicas.Length == 0)
        {
            Again();
            return;
        }

        var replica = Scheduler.Any(replicas);
        Scheduler.Trace("writer", $"{_id}: sent to replica{replica.Slot}");
        replica.Post(() => _ = SendAsync(replica));
        // A replica that died, or hangs, never answers.
        var attempt = _attempts;
        Scheduler.After(6 * Scheduler.Second, () =>
        {
            if (attempt == _attempts) Send();
        });
    }

    private async Task SendAsync(SimulatedReplica replica)
    {
        try
        {
            _world.PurgeIdBeingSent = _id;
            var task = _world.Mistake is Mistake.NoQuarantine or Mistake.WaitFromTheCall
                ? AppendWronglyAsync(replica)
                : replica.Log.AppendAsync(_invalidation, InvalidationSource.Event, _id, CancellationToken.None);
            _world.PurgeIdBeingSent = null;
            await task;
            // The answer may be lost, and the backend sends again.
            if (Scheduler.Chance(0.1)) Again();
            else Acknowledge();
        }
        catch (InvalidationNotRecordedException)
        {
            Scheduler.Trace("writer", $"{_id}: refused by replica{replica.Slot}");
            if (_world.Mistake == Mistake.UnknownTakenForDone) Acknowledge();
            else Again();
        }
    }

    /// <summary>The twin of the log's own append, for mistakes in the wait.</summary>
    private async Task AppendWronglyAsync(SimulatedReplica replica)
    {
        var called = replica.Clock.Now;
        AppendReply reply;
        try
        {
            reply = await replica.Link.AppendAsync(new(replica.Log.Current?.Epoch, _id + _invalidation.GetHashCode(), LogRecord.Serialize(_invalidation), null));
        }
        catch (LogTransportException exception)
        {
            throw new InvalidationNotRecordedException("simulated", exception);
        }

        var early = _world.Mistake == Mistake.WaitFromTheCall;
        var adopted = early ? replica.Log.Replica.Adopted : new(reply.Position.Epoch, long.MinValue / 4);
        var wait = new PurgeWait(reply, early ? called : replica.Clock.Now, adopted, replica.Log.Replica.Registered);
        await replica.Log.Follower.Waiters.WaitAsync(wait, static () => { }, CancellationToken.None);
    }

    private void Again() => Scheduler.After(Scheduler.Between(50 * Scheduler.Millisecond, 700 * Scheduler.Millisecond), Send);

    private void Acknowledge()
    {
        if (_done) return;
        _done = true;
        _world.Acknowledged++;
        Scheduler.Trace("writer", $"{_id}: acknowledged {Text}");
        foreach (var (model, version) in _changes) _world.Promised.Raise(model, version, _invalidation);
        foreach (var replica in _world.Replicas)
        {
            foreach (var (model, _) in _changes)
            {
                Read(replica, model, 0);
                Read(replica, model, Scheduler.Between(0, 30 * Scheduler.Millisecond));
                Read(replica, model, Scheduler.Between(0, 2 * Scheduler.Second));
            }
        }
    }

    private void Read(SimulatedReplica replica, Model model, long delay) => Scheduler.After(delay, () =>
    {
        if (replica.IsAlive) _world.Read(replica, model);
    });
}
