using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using CacheProxy.Engine.Redis;
using CacheProxy.Engine.Telemetry;
using Microsoft.Extensions.Logging;

namespace CacheProxy.Engine.Invalidation;

/// <summary>
/// The log in Redis, shared by all replicas (INVALIDATION 2 to 5). It starts without Redis and joins the log when there is one: until then
/// <see cref="TakeRight"/> gives no right, and purges are refused.
/// </summary>
public sealed partial class RedisInvalidationLog : IInvalidationLog, IModeSwitch, IDisposable
{
    private readonly ConsistencyOptions _options;
    private readonly BootClock _clock;
    private readonly TimeProvider _time;
    private readonly CacheMetrics _metrics;
    private readonly ILogger _logger;
    private readonly ILogTransport _transport;
    private readonly LogReplica _replica;
    private readonly LogFollower _follower;
    private readonly Listeners _listeners;
    private int _stopped;

    /// <summary>Prepares the log; <see cref="Start"/> joins it.</summary>
    public RedisInvalidationLog(
        RedisConnections connections, ConsistencyOptions options, CacheMetrics metrics, TimeProvider time, ILogger<RedisInvalidationLog> logger)
        : this(new RedisLogTransport(connections, options, logger), options, metrics, time, BootClock.System, logger)
    {
    }

    internal RedisInvalidationLog(
        ILogTransport transport, ConsistencyOptions options, CacheMetrics metrics, TimeProvider time, BootClock clock, ILogger logger)
    {
        (_transport, _options, _metrics, _time, _clock, _logger) = (transport, options, metrics, time, clock, logger);
        _listeners = new(logger);
        _replica = new(RandomNumberGenerator.GetHexString(16, lowercase: true), options, new AppliedLog(), _listeners.Tell);
        _follower = new(_replica, transport, clock, time, metrics, logger);
        RegisterServeFor = options.OnLostLease == OnLostLease.Serve;
    }

    /// <summary>
    /// Set when any policy has <c>OnLostLease: Serve</c>: this replica registers <c>Lease + ServeFor</c>, and may answer from memory that long
    /// once a heartbeat that registered it was answered. It stays registered until the process ends.
    /// </summary>
    public bool RegisterServeFor
    {
        get;
        set
        {
            field = value;
            if (!value) return;
            lock (_replica.Gate) _replica.Register(_options.Lease + _options.ServeFor);
        }
    }

    /// <summary>The longest life that an entry can have, stale windows included; records older than it are of no use to anybody. Not set: only the log's size bounds it.</summary>
    public TimeSpan? LongestEntryLife
    {
        get => _follower.Trimmer.LongestEntryLife;
        set => _follower.Trimmer.LongestEntryLife = value;
    }

    /// <summary>Completes with the first lease.</summary>
    public Task FirstLease => _follower.FirstLease;

    /// <inheritdoc/>
    public Snapshot? Current => _replica.Current;

    /// <inheritdoc/>
    public ImmutableArray<ModeOverride> Overrides => _follower.Modes.Current;

    /// <inheritdoc/>
    public LogStatus Status
    {
        get
        {
            var leased = _replica.HasLease(_clock.Now);
            var last = _follower.Last;
            return new(
                leased, _replica.Current?.Position, last?.Replicas ?? 0, _follower.Pending.Count,
                TimeSpan.FromSeconds(Math.Max(0, (last?.NewestTime ?? 0) - (last?.OldestTime ?? 0))),
                leased ? null : _follower.Problem ?? "The lease has lapsed: heartbeats are not answered in time.");
        }
    }

    internal LogReplica Replica => _replica;

    internal LogFollower Follower => _follower;

    /// <summary>Begins to follow the log, on a thread of its own.</summary>
    public void Start() => _follower.Start();

    /// <summary>Gives up the lease and leaves the registry, so that no purge waits for this replica. Blocks for at most a few of Redis' time-outs.</summary>
    public void Stop()
    {
        if (Interlocked.Exchange(ref _stopped, 1) == 0) _follower.Stop();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Stop();
        _follower.Dispose();
    }

    /// <inheritdoc/>
    public ServingRight TakeRight(out Snapshot? snapshot) => _replica.TakeRight(_clock.Now, out snapshot);

    /// <inheritdoc/>
    public void Subscribe(Action<Invalidation> applied) => _listeners.Add(applied);

    /// <inheritdoc/>
    public Task<Receipt> AppendAsync(Invalidation invalidation, InvalidationSource source, string? purgeId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(invalidation);
        var json = LogRecord.Serialize(invalidation);
        return AppendAsync(invalidation, source, IdOf(source, purgeId, json), json, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task AppendAfterChangeAsync(Invalidation invalidation, InvalidationSource source)
    {
        ArgumentNullException.ThrowIfNull(invalidation);
        var purge = LogRecord.OrEverything(invalidation);
        var json = LogRecord.Serialize(purge);
        var id = IdOf(source, purgeId: null, json);
        try
        {
            await AppendAsync(purge, source, id, json, CancellationToken.None);
        }
        catch (InvalidationNotRecordedException exception)
        {
            _follower.Hold(purge, id);
            Log.Held(_logger, exception.Message);
        }
    }

    /// <inheritdoc/>
    public CacheMode? For(string policy) => _follower.Modes.For(policy);

    /// <inheritdoc/>
    public async Task SetModeAsync(string policy, CacheMode? mode, TimeSpan? duration, CancellationToken cancellationToken)
    {
        var settings = _follower.Modes.With(policy, mode, duration);
        var setting = _follower.Modes.ToSetting(settings);
        try
        {
            await _transport.SetModeAsync(setting?.Text, setting?.Lifetime).WaitAsync(cancellationToken);
        }
        catch (LogTransportException exception)
        {
            throw new InvalidationNotRecordedException($"The kill switch was not set: {exception.Message} Try again.", exception);
        }

        _follower.Modes.Replace(settings);
    }

    private async Task<Receipt> AppendAsync(
        Invalidation invalidation, InvalidationSource source, string id, string json, CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        var reply = await RecordAsync(id, json);
        var wait = new PurgeWait(reply, _clock.Now, _replica.Adopted, _replica.Registered);
        var state = _replica.Current;
        if (state is null || reply.Position.Epoch.Number > state.Epoch.Number) _follower.Wake();
        else if (state.Epoch == reply.Position.Epoch) wait.Acknowledge(state.Epoch, _replica.Id, state.Applied);
        _follower.Trimmer.Look(reply.Position.Epoch, reply.Records, reply.Bytes, oldestTime: 0);

        await _follower.Waiters.WaitAsync(wait, MissedRecord, cancellationToken);
        var missing = wait.Missing;
        if (missing.Count > 0) _ = StrikeOffAsync(wait.Position, missing);
        var elapsed = _time.GetElapsedTime(started);
        _metrics.Invalidations.WithLabels(MetricLabels.Of(source), MetricLabels.Of(invalidation.Mode)).Inc();
        _metrics.InvalidationAck.Observe(elapsed.TotalSeconds);
        return new(wait.Position, wait.Confirmed, missing.Count, elapsed);

        // A record that this replica itself has not seen after that time did not come by push: only a heartbeat brings it.
        void MissedRecord()
        {
            if (_replica.Current is not { } now || now.Epoch != wait.Position.Epoch || now.Applied < wait.Position.Sequence) _follower.Wake();
        }
    }

    private async Task<AppendReply> RecordAsync(string id, string json)
    {
        try
        {
            return await _transport.AppendAsync(new(_replica.Current?.Epoch, id, json, _follower.Modes.ToSetting(_follower.Modes.Current)));
        }
        catch (LogTransportException exception)
        {
            if (exception.Failure is LogFailure.NotMaster or LogFailure.StaleMaster) _follower.Wake();
            throw new InvalidationNotRecordedException(
                $"The purge is not recorded, or nobody knows whether it is: {exception.Message} Send it again with the same id.", exception);
        }
    }

    private async Task StrikeOffAsync(Position purge, IReadOnlyList<RegisteredReplica> missing)
    {
        foreach (var replica in missing)
        {
            Log.WaitedOut(_logger, replica.Id, purge.Sequence);
            try
            {
                await _transport.StrikeOffAsync(purge.Epoch, replica.Id, replica.Registration);
            }
            catch (LogTransportException)
            {
                // The next purge waits for it again, and strikes it off then.
            }
        }
    }

    /// <summary>The same purge of the same source has the same id; another content under its id is another purge.</summary>
    private static string IdOf(InvalidationSource source, string? purgeId, string json) => purgeId is null
        ? RandomNumberGenerator.GetHexString(32, lowercase: true)
        : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{MetricLabels.Of(source)}\n{purgeId}\n{json}")));

    private static partial class Log
    {
        [LoggerMessage(3020, LogLevel.Information, "Replica {Replica} has not acknowledged the purge at position {Position} while its lease lasted, and is struck off the registry. It comes back with its next heartbeat.")]
        public static partial void WaitedOut(ILogger logger, string replica, long position);

        [LoggerMessage(3021, LogLevel.Warning, "A purge of a change that has happened is kept, and this replica asks the origin until it is recorded. {Problem}")]
        public static partial void Held(ILogger logger, string problem);
    }
}
