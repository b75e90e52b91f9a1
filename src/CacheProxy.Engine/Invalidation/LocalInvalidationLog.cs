using System.Collections.Immutable;
using System.Security.Cryptography;
using CacheProxy.Engine.Telemetry;
using Microsoft.Extensions.Logging;

namespace CacheProxy.Engine.Invalidation;

/// <summary>
/// The log of a single process, without Redis (INVALIDATION 6): to record is to work in, under a lock; the epoch is the process's start;
/// the lease is always valid. The rules on stamps, validity and order are the same.
/// </summary>
public sealed class LocalInvalidationLog : IInvalidationLog, IModeSwitch
{
    private readonly Lock _gate = new();
    private readonly AppliedLog _log = new();
    private readonly Listeners _listeners;
    private readonly ModeTable _modes;
    private readonly CacheMetrics _metrics;
    private readonly TimeProvider _time;
    private (DateTimeOffset First, DateTimeOffset Last)? _recorded;

    /// <summary>Starts an epoch.</summary>
    public LocalInvalidationLog(CacheMetrics metrics, TimeProvider time, ILogger<LocalInvalidationLog> logger)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        ArgumentNullException.ThrowIfNull(time);
        (_metrics, _time) = (metrics, time);
        _listeners = new(logger);
        _modes = new(time);
        _log.StartOver(new(time.GetUtcNow().ToUnixTimeMilliseconds(), RandomNumberGenerator.GetHexString(32, lowercase: true)), 0);
        metrics.LeaseValid.Set(1);
        metrics.Replicas.Set(1);
    }

    /// <inheritdoc/>
    public Snapshot? Current => _log.Current;

    /// <inheritdoc/>
    public LogStatus Status
    {
        get
        {
            lock (_gate)
                return new(true, _log.Current!.Position, Replicas: 1, Pending: 0, _recorded is { } r ? r.Last - r.First : TimeSpan.Zero, Problem: null);
        }
    }

    /// <inheritdoc/>
    public ImmutableArray<ModeOverride> Overrides => _modes.Current;

    /// <inheritdoc/>
    public ServingRight TakeRight(out Snapshot? snapshot)
    {
        snapshot = _log.Current;
        return ServingRight.Full;
    }

    /// <inheritdoc/>
    public Task<Receipt> AppendAsync(Invalidation invalidation, InvalidationSource source, string? purgeId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(invalidation);
        cancellationToken.ThrowIfCancellationRequested();
        var started = _time.GetTimestamp();
        LogRecord.Serialize(invalidation);
        Position position;
        lock (_gate)
        {
            var sequence = _log.Current!.Applied + 1;
            _log.Apply(sequence, purgeId ?? "", invalidation);
            position = _log.Current!.Position;
            var now = _time.GetUtcNow();
            _recorded = (_recorded?.First ?? now, now);
            _metrics.LogPosition.Set(sequence);
            _metrics.LogSpan.Set((now - _recorded.Value.First).TotalSeconds);
            _listeners.Tell(invalidation);
        }

        var elapsed = _time.GetElapsedTime(started);
        _metrics.Invalidations.WithLabels(MetricLabels.Of(source), MetricLabels.Of(invalidation.Mode)).Inc();
        _metrics.InvalidationAck.Observe(elapsed.TotalSeconds);
        return Task.FromResult(new Receipt(position, Confirmed: 1, WaitedOut: 0, elapsed));
    }

    /// <inheritdoc/>
    public Task AppendAfterChangeAsync(Invalidation invalidation, InvalidationSource source)
    {
        ArgumentNullException.ThrowIfNull(invalidation);
        return AppendAsync(LogRecord.OrEverything(invalidation), source, purgeId: null, CancellationToken.None);
    }

    /// <inheritdoc/>
    public void Subscribe(Action<Invalidation> applied) => _listeners.Add(applied);

    /// <inheritdoc/>
    public CacheMode? For(string policy) => _modes.For(policy);

    /// <inheritdoc/>
    public Task SetModeAsync(string policy, CacheMode? mode, TimeSpan? duration, CancellationToken cancellationToken)
    {
        lock (_gate) _modes.Replace(_modes.With(policy, mode, duration));
        return Task.CompletedTask;
    }
}
