using CacheProxy.Engine.Telemetry;
using Microsoft.Extensions.Logging;

namespace CacheProxy.Engine.Invalidation;

/// <summary>
/// Keeps a replica level with the log: heartbeats on a thread of its own with synchronous calls, and what the server publishes between them.
/// Both are worked in under <see cref="LogReplica.Gate"/>, one at a time (INVALIDATION 2).
/// </summary>
internal sealed partial class LogFollower : ILogMessages, IDisposable
{
    // In a row, without a push between: one or two can be a heartbeat that was quicker than the push.
    private const int MostMissed = 3;
    private static readonly TimeSpan s_untilListening = TimeSpan.FromMilliseconds(50);
    private readonly ILogTransport _transport;
    private readonly BootClock _clock;
    private readonly CacheMetrics _metrics;
    private readonly ILogger _logger;
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly TaskCompletionSource _firstLease = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly AcknowledgementSender _acknowledgements;
    private readonly Thread _thread;
    private volatile bool _stopping;
    private volatile int _missed;
    private volatile string? _problem = "The first heartbeat has not been answered yet.";
    private volatile HeartbeatReply? _last;

    public LogFollower(
        LogReplica replica, ILogTransport transport, BootClock clock, TimeProvider time, CacheMetrics metrics, ILogger logger)
    {
        (Replica, _transport, _clock, _metrics, _logger) = (replica, transport, clock, metrics, logger);
        Modes = new(time);
        Trimmer = new(transport, replica.Options, time);
        _acknowledgements = new(replica, transport);
        Waiters = new(transport, clock, time);
        _thread = new(Run) { IsBackground = true, Name = "Invalidation log", Priority = ThreadPriority.AboveNormal };
        transport.Messages = this;
    }

    public LogReplica Replica { get; }

    public PendingPurges Pending { get; } = new();

    public PurgeWaiters Waiters { get; }

    public ModeTable Modes { get; }

    public LogTrimmer Trimmer { get; }

    /// <summary>Completes with the first lease.</summary>
    public Task FirstLease => _firstLease.Task;

    /// <summary>Why there is no lease; <see langword="null"/> when there is one.</summary>
    public string? Problem => _problem;

    /// <summary>What the last heartbeat brought.</summary>
    public HeartbeatReply? Last => _last;

    public void Start() => _thread.Start();

    /// <summary>Has a heartbeat sent as soon as none is under way.</summary>
    public void Wake() => _wake.Set();

    /// <summary>Gives up the lease, ends the thread and takes this replica off the registry, in this order.</summary>
    public void Stop()
    {
        lock (Replica.Gate) Replica.Leave();
        _metrics.LeaseValid.Set(0);
        _stopping = true;
        Wake();
        if (_thread.ThreadState.HasFlag(ThreadState.Unstarted)) return;
        _thread.Join();
        if (Replica.Current is not { } state) return;
        try
        {
            _transport.Leave(state.Epoch, Replica.Id);
        }
        catch (LogTransportException exception)
        {
            Log.LeaveFailed(_logger, exception.Message);
        }
    }

    public void Dispose() => _wake.Dispose();

    /// <summary>Whether a heartbeat was asked for since the last call.</summary>
    internal bool TakeWake() => _wake.WaitOne(TimeSpan.Zero);

    /// <summary>Keeps a purge of a change that has happened: no lease, and nothing that it names, until it is in the log.</summary>
    public void Hold(Invalidation invalidation, string id)
    {
        lock (Replica.Gate)
        {
            Pending.Add(invalidation, id);
            Replica.Hold(Pending.Invalidations);
        }

        _metrics.LeaseValid.Set(0);
        _metrics.InvalidationsPending.Set(Pending.Count);
        Wake();
    }

    public void OnRecord(Epoch epoch, string previous, string line)
    {
        PushOutcome outcome;
        lock (Replica.Gate) outcome = Replica.Push(epoch, LogRecord.Parse(line), previous);
        _missed = 0;
        if (outcome == PushOutcome.Acknowledge) Acknowledge();
        else if (outcome == PushOutcome.Heartbeat) Wake();
    }

    public void OnAcknowledgement(Epoch epoch, string replica, long applied)
    {
        Waiters.Acknowledge(epoch, replica, applied);
        if (Replica.Current is { } state && epoch.Number > state.Epoch.Number) Wake();
    }

    public void OnModeChanged() => Wake();

    public void OnReconnected() => Wake();

    /// <summary>Everything that is applied here counts for our own purges at once; the others hear of it from the server.</summary>
    private void Acknowledge()
    {
        var state = Replica.Current!;
        _metrics.LogPosition.Set(state.Applied);
        Waiters.Acknowledge(state.Epoch, Replica.Id, state.Applied);
        _acknowledgements.Send();
    }

    private void Run()
    {
        while (!_stopping)
        {
            var started = _clock.Now;
            if (Beat()) continue;
            var pause = (Replica.Options.Lease / 3) - BootClock.Duration(_clock.Now - started);
            if (!_transport.IsListening && pause > s_untilListening) pause = s_untilListening;
            if (pause > TimeSpan.Zero && !_stopping) _wake.WaitOne(pause);
        }
    }

    /// <summary>One heartbeat; true if the next one is due at once.</summary>
    private bool Beat()
    {
        try
        {
            var request = Begin();
            return Complete(request, _transport.Heartbeat(request));
        }
        catch (LogTransportException exception)
        {
            Failed(exception.Failure, exception.Message);
        }
#pragma warning disable CA1031 // The thread must outlive whatever a library throws: without it there is never a lease again.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            if (_stopping) return false;
            Log.BeatBroke(_logger, exception);
            Failed(LogFailure.Unreachable, exception.Message);
        }

        return false;
    }

    /// <summary>The first half of a heartbeat; a simulation, which has no thread to block, calls the halves itself.</summary>
    internal HeartbeatRequest Begin()
    {
        RecordPending();
        lock (Replica.Gate) return Replica.BeginHeartbeat(_clock.Now, Modes.ToSetting(Modes.Current));
    }

    /// <summary>The second half; true if the next heartbeat is due at once.</summary>
    internal bool Complete(HeartbeatRequest request, HeartbeatReply reply)
    {
        HeartbeatOutcome outcome;
        bool released;
        lock (Replica.Gate)
        {
            outcome = Replica.Complete(request, reply, _clock.Now);
            released = Replica.Current is { } state && Pending.Release(state);
            if (released) Replica.Hold(Pending.Invalidations);
        }

        _last = reply;
        if (!Modes.TryRead(reply.Mode)) Log.ModeNotUnderstood(_logger);
        if (outcome.Acknowledge) Acknowledge();
        if (outcome.Missed && ++_missed >= MostMissed) ListenAgain();
        Report(reply, outcome);
        Trimmer.Look(reply.Epoch, reply.Sequence - reply.Floor, reply.Bytes, reply.OldestTime);
        return outcome.AskAgain || released;
    }

    /// <summary>The client library has been seen to lose a subscription for good while all its lights were green.</summary>
    private void ListenAgain()
    {
        _missed = 0;
        Log.ListensAgain(_logger);
        _transport.ListenAgain();
    }

    private void Report(HeartbeatReply reply, HeartbeatOutcome outcome)
    {
        _metrics.LogSpan.Set(Math.Max(0, reply.NewestTime - reply.OldestTime));
        _metrics.Replicas.Set(reply.Replicas);
        _metrics.InvalidationsPending.Set(Pending.Count);
        _metrics.LeaseValid.Set(outcome.Leased ? 1 : 0);
        if (outcome.Leased)
        {
            if (_problem is not null) Log.Leased(_logger, Replica.Current!.Epoch.Number, Replica.Current.Applied);
            _problem = null;
            _firstLease.TrySetResult();
        }
        else
        {
            _problem = Pending.Count > 0 ? "Purges of changes that have happened wait to be recorded." : "The log is being caught up with.";
        }
    }

    /// <summary>The second half of a heartbeat that failed.</summary>
    internal void Failed(LogFailure failure, string message)
    {
        lock (Replica.Gate) Replica.Fail(failure, _clock.Now);
        if (failure is LogFailure.NotMaster or LogFailure.StaleMaster) _transport.FindMaster();
        _metrics.LeaseValid.Set(Replica.HasLease(_clock.Now) ? 1 : 0);
        if (_problem != message) Log.BeatFailed(_logger, message);
        _problem = message;
    }

    /// <summary>Before the next lease, what has happened must be in the log.</summary>
    private void RecordPending()
    {
        foreach (var purge in Pending.All)
        {
            if (purge.Recorded is not null) continue;
            try
            {
                var reply = _transport.Append(new(Replica.Current?.Epoch, purge.Id, LogRecord.Serialize(purge.Invalidation), Modes.ToSetting(Modes.Current)));
                Pending.MarkRecorded(purge, reply.Position);
                Log.PendingRecorded(_logger, reply.Position.Sequence);
            }
            catch (LogTransportException)
            {
                // The heartbeat that follows says what is wrong.
                return;
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3010, LogLevel.Information, "Lease taken: epoch {Epoch}, position {Position}. The cache may answer.")]
        public static partial void Leased(ILogger logger, long epoch, long position);

        [LoggerMessage(3011, LogLevel.Warning, "A heartbeat to the log of purges failed; when the lease has lapsed, requests go to the origin until one succeeds. {Problem}")]
        public static partial void BeatFailed(ILogger logger, string problem);

        [LoggerMessage(3012, LogLevel.Error, "A heartbeat to the log of purges ended in an error that is not foreseen. It is tried again.")]
        public static partial void BeatBroke(ILogger logger, Exception exception);

        [LoggerMessage(3013, LogLevel.Information, "This replica could not be taken off the log's registry, so that the next purge waits for its lease: {Problem}")]
        public static partial void LeaveFailed(ILogger logger, string problem);

        [LoggerMessage(3014, LogLevel.Warning, "The kill switch in Redis cannot be read, perhaps since a newer version wrote it. The setting before it goes on.")]
        public static partial void ModeNotUnderstood(ILogger logger);

        [LoggerMessage(3016, LogLevel.Warning, "Records reach this replica by heartbeats only, so that purges are slow. Its subscription in Redis is made anew.")]
        public static partial void ListensAgain(ILogger logger);

        [LoggerMessage(3015, LogLevel.Information, "A purge that had been kept is recorded at position {Position}.")]
        public static partial void PendingRecorded(ILogger logger, long position);
    }
}
