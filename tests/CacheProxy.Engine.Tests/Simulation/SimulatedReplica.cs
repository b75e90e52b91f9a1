using CacheProxy.Engine.Access;
using CacheProxy.Engine.Caching;
using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Storage;
using CacheProxy.Engine.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;

namespace CacheProxy.Engine.Tests.Simulation;

/// <summary>
/// One life of a proxy's process: the product's log, memory and fills, on a clock of its own. It can be suspended (what happens meanwhile is
/// worked in afterwards, late), can crash, and can leave. The simulation takes the place of the log's thread and of the pool.
/// </summary>
internal sealed class SimulatedReplica
{
    private static readonly CacheMetrics s_metrics = new(Metrics.WithCustomRegistry(Metrics.NewCustomRegistry()));
    private readonly World _world;
    private readonly Queue<Action> _later = new();
    private readonly Turns _turns;
    private bool _isBeating;
    private int _timer;

    public SimulatedReplica(World world, int slot, ConsistencyOptions options)
    {
        (_world, Slot, Options) = (world, slot, options);
        var scheduler = world.Scheduler;
        Name = world.Mistake == Mistake.ReplicaIdReused ? FormattableString.Invariant($"{slot}") : FormattableString.Invariant($"{slot}-{++world.Lives}");
        _turns = new(this);
        Clock = new(scheduler, scheduler.Chance(0.5) ? 0.9 + (0.2 * scheduler.Random.Next(2)) : 0.9 + (0.2 * scheduler.Random.NextDouble()), scheduler.Between(0, 1_000 * Scheduler.Second));
        Time = new SimulatedTime(scheduler, Clock, Post);
        Link = new(world, this);
        Log = new(Link, options, s_metrics, Time, Clock, NullLogger.Instance);
        Memory = new(new MemoryOptions(), s_metrics, Time);
        Decisions = new(Time);
        var evaluation = new ResponseEvaluation(Headers, new CacheLimits(), scheduler.Random);
        Heads = new(evaluation, new StoredUpdates(evaluation, Memory, Time), Memory, new HitForMiss(TimeSpan.Zero, Time), s_metrics, Time);
        Link.Listen();
        Post(Beat);
    }

    public static CacheHeaders Headers { get; } = new(new CredentialOptions());

    public int Slot { get; }

    /// <summary>What it is called at the server.</summary>
    public string Name { get; }

    public ConsistencyOptions Options { get; }

    /// <summary>How long it may answer without having been heard.</summary>
    public TimeSpan Registered => Log.Replica.Registered;

    public SimulatedClock Clock { get; }

    public SimulatedTime Time { get; }

    public SimulatedLink Link { get; }

    public RedisInvalidationLog Log { get; }

    public MemoryTier Memory { get; }

    public FillRegistry Fills { get; } = new();

    /// <summary>What is remembered of access checks.</summary>
    public AccessDecisions Decisions { get; }

    /// <summary>By which version the backend decided.</summary>
    public Dictionary<AccessQuestion, int> DecidedBy { get; } = [];

    /// <summary>Decides what a response's head is worth.</summary>
    public HeadDecision Heads { get; }

    /// <summary>What the fills have brought.</summary>
    public Dictionary<Fill, byte[]> Bodies { get; } = [];

    public FillBudget Budget { get; } = new(1 << 20);

    public bool IsAlive { get; private set; } = true;

    public bool IsSuspended { get; private set; }

    /// <summary>Whether it still follows the log.</summary>
    public bool IsFollowing { get; private set; } = true;

    /// <summary>What <see cref="Mistake.LeaseIsAFlag"/> looks at.</summary>
    public bool LeaseFlag { get; private set; }

    /// <summary>Runs the action as this process, in its turn; never if it is dead.</summary>
    public void Post(Action action)
    {
        if (!IsAlive) return;
        if (IsSuspended)
        {
            _later.Enqueue(action);
            return;
        }

        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(_turns);
        try
        {
            action();
            if (!_isBeating && IsFollowing && Log.Follower.TakeWake()) Beat();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    public void After(long delay, Action action) => _world.Scheduler.After(delay, () => Post(action));

    /// <summary>A thread may lose its core anywhere, for long.</summary>
    public void Preempted(Action step)
    {
        var scheduler = _world.Scheduler;
        if (scheduler.Chance(0.7)) step();
        else After(scheduler.Chance(0.2) ? scheduler.Between(0, 3 * Scheduler.Second) : scheduler.Between(0, 5 * Scheduler.Millisecond), step);
    }

    public void Crash()
    {
        _world.Scheduler.Trace("replica" + Slot, $"crashes");
        IsAlive = IsFollowing = false;
        Link.StopListening();
        Log.Dispose();
    }

    /// <summary>The order of INVALIDATION 2: no new lease, the lease given up, off the registry. Clients are still served, from the origin, for a while.</summary>
    public void Leave()
    {
        _world.Scheduler.Trace("replica" + Slot, $"leaves");
        Post(() =>
        {
            if (_world.Mistake != Mistake.LeavesRegistryFirst) GiveUp();
            else After(800 * Scheduler.Millisecond, GiveUp);
            Link.StopListening();
            IsFollowing = false;
            if (Log.Current is { } state) Link.Leave(state.Epoch, Log.Replica.Id);
        });
        _world.Scheduler.After(Scheduler.Second, () => { if (IsAlive) Crash(); });

        void GiveUp()
        {
            lock (Log.Replica.Gate) Log.Replica.Leave();
            LeaseFlag = false;
        }
    }

    /// <summary>SIGSTOP, or the whole machine asleep.</summary>
    public void Suspend(long duration, bool machine)
    {
        if (!IsAlive || IsSuspended) return;
        _world.Scheduler.Trace("replica" + Slot, $"suspended for {duration / 1e9:0.00} s");
        IsSuspended = true;
        if (machine && _world.Mistake == Mistake.ClockStopsInSleep) Clock.LeaveOut(duration);
        _world.Scheduler.After(duration, Resume);
    }

    /// <summary>A published record, as the follower gets it; mistakes are made here.</summary>
    public void Receive(ILogMessages messages, Epoch epoch, string previous, string line)
    {
        if (_world.Mistake == Mistake.AcknowledgedBeforeApplied)
        {
            _ = Link.AcknowledgeAsync(new(epoch, LogRecord.Parse(line)!.Sequence), Log.Replica.Id);
            After(_world.Delay() * 20, () => messages.OnRecord(epoch, previous, line));
            return;
        }

        // Without the comparison, what a roll-back numbers again looks like a message that came twice.
        if (_world.Mistake == Mistake.PredecessorNotCompared && Log.Current is { } known && LogRecord.Parse(line)!.Sequence <= known.Applied) return;
        if (_world.Mistake == Mistake.GapSkipped && Log.Current is { } state && state.Epoch == epoch)
        {
            for (var missing = state.Applied + 1; missing < LogRecord.Parse(line)!.Sequence; missing++) messages.OnRecord(epoch, "", Harmless(missing));
        }

        messages.OnRecord(epoch, _world.Mistake == Mistake.GapSkipped ? "" : previous, Understood(line));
    }

    private void Resume()
    {
        if (!IsAlive) return;
        _world.Scheduler.Trace("replica" + Slot, $"resumes");
        IsSuspended = false;
        // Requests that wait at the socket are taken by other threads than the log's, perhaps first.
        _world.ReadEverythingAt(this);
        while (_later.TryDequeue(out var action) && !IsSuspended) Post(action);
    }

    private void Beat()
    {
        if (_isBeating || !IsFollowing) return;
        _isBeating = true;
        _timer++;
        var started = Clock.Now;
        var request = Log.Follower.Begin();
        Link.Beat(request, reply => Replied(request, reply, started), failure =>
        {
            Log.Follower.Failed(failure.Failure, failure.Message);
            Rest(again: false, started);
        });
    }

    private void Replied(HeartbeatRequest request, HeartbeatReply reply, long started)
    {
        if (_world.Mistake == Mistake.LeaseFromReply) request = request with { Started = Clock.Now };
        if (_world.Mistake == Mistake.UnknownRecordSkipped) reply = reply with { Lines = [.. reply.Lines.Select(Understood)] };
        if (_world.Mistake == Mistake.LeaseWithoutCatchingUp && Log.Current is { } state && state.Epoch == reply.Epoch && state.Applied >= reply.Floor)
            reply = reply with { Sequence = Math.Min(reply.Sequence, state.Applied), Lines = [] };
        var again = Log.Follower.Complete(request, reply);
        LeaseFlag = Log.Replica.HasLease(Clock.Now);
        if (LeaseFlag && _world.Mistake == Mistake.LeaseIsAFlag)
            After(BootClock.Nanoseconds(Options.Lease), () => LeaseFlag = Log.Replica.HasLease(Clock.Now));
        Rest(again, started);
    }

    private void Rest(bool again, long started)
    {
        _isBeating = false;
        var pause = again ? 0 : BootClock.Nanoseconds(Options.Lease / 3) - (Clock.Now - started);
        var timer = ++_timer;
        After((long)(Math.Max(0, pause) / Clock.Rate), () =>
        {
            if (timer == _timer) Beat();
        });
    }

    private string Understood(string line)
    {
        if (_world.Mistake != Mistake.UnknownRecordSkipped || LogRecord.Parse(line) is not { Invalidation: null } record) return line;
        return Harmless(record.Sequence, record.Id);
    }

    private static string Harmless(long sequence, string id = "x") =>
        FormattableString.Invariant($"{sequence} {id} 1 {LogRecord.Serialize(new() { Keys = ["nobody's"] })}");

    /// <summary>Continuations of the product's code come back to the simulation's thread, in order, as this process.</summary>
    private sealed class Turns(SimulatedReplica replica) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback callback, object? state) => replica.After(0, () => callback(state));

        public override void Send(SendOrPostCallback callback, object? state) => throw new NotSupportedException("Nobody blocks here.");
    }
}
