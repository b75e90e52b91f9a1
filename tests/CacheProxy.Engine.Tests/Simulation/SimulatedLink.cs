using CacheProxy.Engine.Invalidation;

namespace CacheProxy.Engine.Tests.Simulation;

/// <summary>How bad the network of a schedule is.</summary>
/// <param name="Loss">The share of calls, replies and messages that are lost, and of messages that come twice.</param>
/// <param name="Slow">The share that takes up to <paramref name="Slowest"/>.</param>
/// <param name="Slowest">In nanoseconds.</param>
/// <param name="Timeout">Of a call, in nanoseconds.</param>
internal sealed record SimulatedNetwork(double Loss, double Slow, long Slowest, long Timeout);

/// <summary>
/// A replica's way to the simulated Redis. Calls and messages overtake each other, get lost and come twice; messages of the real library come
/// in order, so this is more than the product has to bear.
/// </summary>
internal sealed class SimulatedLink : ILogTransport
{
    private readonly World _world;
    private readonly SimulatedReplica _replica;
    private SimulatedRedis? _heard;

    public SimulatedLink(World world, SimulatedReplica replica) => (_world, _replica) = (world, replica);

    public ILogMessages Messages { private get; set; } = null!;

    public bool IsListening => true;

    /// <summary>Nothing gets through in either direction.</summary>
    public bool IsCut { get; set; }

    /// <summary>Messages do not get through.</summary>
    public bool IsDeaf { get; set; }

    private Scheduler Scheduler => _world.Scheduler;

    public HeartbeatReply Heartbeat(HeartbeatRequest request) => throw new NotSupportedException("The simulation takes heartbeats in two halves.");

    public void Beat(HeartbeatRequest request, Action<HeartbeatReply> done, Action<LogTransportException> failed)
    {
        var registered = _world.Mistake == Mistake.LongerLeaseNotRegistered ? _replica.Options.Lease : request.Registered;
        Call(redis => redis.Heartbeat(request with { Replica = NameOf(request.Replica), Registered = registered }), waits: true, done, failed);
    }

    public AppendReply Append(AppendRequest request)
    {
        var redis = _world.RedisOf(_replica.Slot);
        if (IsCut || !redis.IsUp) throw new LogTransportException(LogFailure.Unreachable, "simulated: unreachable");
        var reply = redis.Append(request, earlier: null);
        if (_world.Standbys > 0 && !_world.ConfirmNow(redis)) throw new LogTransportException(LogFailure.Standbys, "simulated: no standby");
        return reply;
    }

    public Task<AppendReply> AppendAsync(AppendRequest request)
    {
        var completion = new TaskCompletionSource<AppendReply>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_world.Mistake == Mistake.IdWithoutContent && _world.PurgeIdBeingSent is { } id) request = request with { Id = id };
        // Now and then a newer version appends, whose records ours cannot read.
        if (Scheduler.Chance(0.05)) request = request with { Json = request.Json.Replace("\"version\":1", "\"version\":2", StringComparison.Ordinal) };
        if (_world.Mistake != Mistake.RegistryBeforeAppend) Send(null);
        else Call(static redis => redis.Registry(), waits: false, registry => Scheduler.After(Scheduler.Between(0, 300 * Scheduler.Millisecond), () => _replica.Post(() => Send(registry))), Fail);
        return completion.Task;

        void Send(ReplicaRegistry? earlier) => Call(redis => redis.Append(request, earlier), waits: true, reply => completion.SetResult(Misread(reply)), Fail);

        void Fail(LogTransportException failure) => completion.SetException(failure);
    }

    public Task AcknowledgeAsync(Position applied, string replica) => CallAsync(redis => redis.Acknowledge(applied, NameOf(replica)));

    public Task<ReplicaRegistry?> PollAsync(Epoch epoch) => CallAsync(redis => Named(redis.Poll(epoch)));

    public Task StrikeOffAsync(Epoch epoch, string replica, string registration) => CallAsync(redis => redis.Strike(epoch, NameOf(replica), registration));

    public Task TrimAsync(Epoch epoch, TrimBounds bounds) => CallAsync(redis => redis.Trim(epoch, bounds.Records));

    public Task SetModeAsync(string? settings, TimeSpan? lifetime) => Task.CompletedTask;

    public void ListenAgain() => Listen();

    public void FindMaster() => _world.Route(_replica.Slot);

    public void Leave(Epoch epoch, string replica) => Call(redis => redis.Strike(epoch, NameOf(replica), ""), waits: false, static _ => { }, static _ => { });

    /// <summary>Subscribes at the server that this replica talks to now.</summary>
    public void Listen()
    {
        StopListening();
        _heard = _world.RedisOf(_replica.Slot);
        _heard.Listen(OnRecord, OnAcknowledgement);
    }

    public void StopListening() => _heard?.StopListening(OnRecord, OnAcknowledgement);

    private void OnRecord(Epoch epoch, string previous, string line) =>
        Deliver(() => _replica.Receive(Messages, epoch, _world.Mistake == Mistake.PredecessorNotCompared ? "" : previous, line));

    private void OnAcknowledgement(Epoch epoch, string replica, long applied) => Deliver(() => Messages.OnAcknowledgement(epoch, IdOf(replica), applied));

    private void Deliver(Action message)
    {
        if (IsDeaf || IsCut || Scheduler.Chance(_world.Network.Loss)) return;
        var copies = Scheduler.Chance(_world.Network.Loss) ? 2 : 1;
        for (var i = 0; i < copies; i++) Scheduler.After(_world.Delay(), () => _replica.Post(message));
    }

    private Task<T> CallAsync<T>(Func<SimulatedRedis, T> step)
    {
        var completion = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Call(step, waits: false, completion.SetResult, completion.SetException);
        return completion.Task;
    }

    private void Call<T>(Func<SimulatedRedis, T> step, bool waits, Action<T> done, Action<LogTransportException> failed)
    {
        var over = false;
        Scheduler.After(_world.Network.Timeout, () => End(() => failed(new(LogFailure.Unreachable, "simulated: no answer in time"))));
        var redis = _world.RedisOf(_replica.Slot);
        if (IsCut || Scheduler.Chance(_world.Network.Loss)) return;
        Scheduler.After(_world.Delay(), () =>
        {
            if (!redis.IsUp || IsCut) return;
            var failure = Take(redis, step, out var result);
            if (failure is not null || !waits || _world.Standbys == 0 || _world.Mistake == Mistake.StandbyNotWaitedFor) Answer(result, failure);
            else _world.WhenConfirmed(redis, redis.Offset, confirmed => Answer(result, confirmed ? null : new(LogFailure.Standbys, "simulated: no standby")));
        });

        void Answer(T result, LogTransportException? failure)
        {
            if (IsCut || Scheduler.Chance(_world.Network.Loss)) return;
            Scheduler.After(_world.Delay(), () => End(() =>
            {
                if (failure is null) done(result);
                else failed(failure);
            }));
        }

        void End(Action action) => _replica.Post(() =>
        {
            if (over) return;
            over = true;
            action();
        });
    }

    private static LogTransportException? Take<T>(SimulatedRedis redis, Func<SimulatedRedis, T> step, out T result)
    {
        result = default!;
        try
        {
            result = step(redis);
            return null;
        }
        catch (LogTransportException failure)
        {
            return failure;
        }
    }

    /// <summary>The product's ids are random; a schedule needs the same each time.</summary>
    private string NameOf(string replica) => replica == _replica.Log.Replica.Id ? _replica.Name : replica;

    private string IdOf(string name) => name == _replica.Name ? _replica.Log.Replica.Id : name;

    private ReplicaRegistry? Named(ReplicaRegistry? registry) => registry is null ? null : new([.. registry.Replicas.Select(r => r with { Id = IdOf(r.Id) })]);

    private AppendReply Misread(AppendReply reply)
    {
        var share = _world.Mistake switch
        {
            Mistake.DriftLeftOut => reply.Registry.Replicas.Select(r => r with { Lease = r.Lease / 1.25 }),
            Mistake.OwnLeaseWaitedOut => reply.Registry.Replicas.Select(r => r with { Lease = _replica.Options.Lease }),
            _ => reply.Registry.Replicas,
        };
        return reply with { Registry = Named(new([.. share]))! };
    }
}
