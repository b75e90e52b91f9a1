using System.Collections.Immutable;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Policies.InCode;
using CacheProxy.Engine.Storage;
using IGauge = Prometheus.IGauge;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>
/// One request to the origin on behalf of all who want the same: it belongs to none of them, and none of them leaving disturbs it.
/// </summary>
internal sealed class Fill : IDisposable
{
    private readonly TaskCompletionSource<FillOutcome> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<MemoryEntry?> _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _abandoned = new();
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly TimeSpan _unattended;
    private const int MaxInterim = 16;

    // Whoever started the fill goes on where it ends, without a way through the pool; the others go on all at once, each on a thread of the pool.
    private TaskCompletionSource _starters = new();
    private TaskCompletionSource? _followers;
    private volatile FillOutcome? _settled;
    private ImmutableArray<InterimResponse> _interim = [];
    private ITimer? _timer;
    private int _clients;
    private bool _begun;

    public Fill(FillRequest request, Hash256 key, MemoryEntry? stored, FillBody body, TimeSpan unattended, TimeProvider time)
    {
        Request = request;
        Key = key;
        Stored = stored;
        Body = body;
        _unattended = unattended;
        _time = time;
    }

    public FillRequest Request { get; }

    public RequestPlan Plan => Request.Plan;

    /// <summary>What policies in C# say of the response that is being asked for.</summary>
    public ResponseDecision? Decision { get; set; }

    /// <summary>What it is joined by.</summary>
    public Hash256 Key { get; }

    /// <summary>A stored response to validate or to fall back on.</summary>
    public MemoryEntry? Stored { get; }

    public FillBody Body { get; }

    /// <summary>The state before anything was asked for; its position is the stamp. <see langword="null"/>: nothing may be stored.</summary>
    public Snapshot? Snapshot { get; private set; }

    /// <summary>Whether others may share it.</summary>
    public bool IsShared { get; init; }

    /// <summary>Whether what is stored meanwhile, here or for all replicas, may answer: only under a lease, and only where a stored response would do.</summary>
    public bool MayUseStored { get; init; }

    /// <summary>
    /// Whether a stored part may be completed or united with: only under a lease. The next batch is shared with whoever comes before it
    /// starts, and what its first request found may have been purged since.
    /// </summary>
    public bool MayUseParts { get; init; }

    /// <summary>Known as soon as the head is, or as it is clear that there will be none.</summary>
    public Task<FillOutcome> Outcome => _outcome.Task;

    /// <summary>What was stored, at the end of the body; <see langword="null"/> if nothing.</summary>
    public Task<MemoryEntry?> Completed => _completed.Task;

    /// <summary>Nobody wants it any more.</summary>
    public CancellationToken Abandoned => _abandoned.Token;

    /// <summary>What is served if the origin cuts its answer short, where its window allows it.</summary>
    public MemoryEntry? Fallback { get; set; }

    /// <summary>What was stored and answers no more, though nothing is stored in its place: the shared tier must not bring it back.</summary>
    public StoredResponse? Ended { get; set; }

    /// <summary>First the stamp, then everything else (INVALIDATION 3).</summary>
    public void Begin(IInvalidationLog log)
    {
        lock (_gate)
        {
            Snapshot = log.Current;
            _begun = true;
        }
    }

    /// <summary>
    /// Whether a request that is here may share it. One that has not begun takes its stamp after this request arrived, so it may, whatever
    /// was purged; without that, two requests of the same instant would each ask the origin.
    /// </summary>
    public bool MayBeJoined(Snapshot snapshot, ImmutableArray<string> tags)
    {
        lock (_gate)
        {
            if (!_begun) return true;
        }
        return WouldBeValid(snapshot, tags);
    }

    /// <summary>
    /// The outcome, once a client can do something with it: at once, or, where the response is sent when it is whole, at its end;
    /// <see langword="null"/> until then.
    /// </summary>
    public FillOutcome? Settled => _settled;

    /// <summary>What came before the final response, for those who wait now; it is stored nowhere. A flood of them ends at some point.</summary>
    public void Announce(InterimResponse response)
    {
        TaskCompletionSource? followers;
        TaskCompletionSource starters;
        lock (_gate)
        {
            if (_interim.Length == MaxInterim || _settled is not null) return;
            _interim = _interim.Add(response);
            (followers, _followers) = (_followers, null);
            (starters, _starters) = (_starters, new TaskCompletionSource());
        }
        followers?.TrySetResult();
        OnThePool(starters);
    }

    /// <summary>The interim responses so far, and the task that ends with the next one or with <see cref="Settled"/>.</summary>
    /// <param name="started">For the client that started the fill.</param>
    public (ImmutableArray<InterimResponse> SoFar, Task Next) News(bool started)
    {
        lock (_gate) return (_interim, (started ? _starters : NewsForFollowers()).Task);
    }

    /// <summary>The head is known, or it is clear that there will be none.</summary>
    /// <param name="outcome">What the clients are told.</param>
    /// <param name="isLast">Whether the fill ends with it.</param>
    public void Decide(FillOutcome outcome, bool isLast = false)
    {
        if (!_outcome.TrySetResult(outcome)) return;
        if (outcome is FillOutcome.Responding { IsSentWhole: true }) return;
        Settle(outcome);
        if (!isLast) HandOver();
    }

    /// <summary>The body has ended.</summary>
    /// <param name="entry">What was stored.</param>
    public void Complete(MemoryEntry? entry)
    {
        if (!_completed.TrySetResult(entry)) return;
        lock (_gate) _timer?.Dispose();
        if (_outcome.Task is { IsCompletedSuccessfully: true, Result: var outcome }) Settle(outcome);
    }

    /// <summary>Lets the client that started the fill go on, on a thread of the pool: the fill has more to do.</summary>
    public void HandOver()
    {
        // Settled: no interim response changes it any more.
        if (!_starters.Task.IsCompleted) OnThePool(_starters);
    }

    /// <summary>Lets the client that started the fill go on, right here: the last thing that a fill does.</summary>
    public void HandBack() => _starters.TrySetResult();

    private static void OnThePool(TaskCompletionSource waiting) =>
        ThreadPool.UnsafeQueueUserWorkItem(static waiting => waiting.TrySetResult(), waiting, preferLocal: true);

    private void Settle(FillOutcome outcome)
    {
        TaskCompletionSource? followers;
        lock (_gate)
        {
            if (_settled is not null) return;
            _settled = outcome;
            followers = _followers;
        }
        followers?.TrySetResult();
    }

    // Few fills have any. One that is settled tells them by that.
    private TaskCompletionSource NewsForFollowers() => _followers ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether a response of this fill would be valid under a state: what joining asks (INVALIDATION 3).</summary>
    /// <param name="snapshot">The state that the one who joins has read.</param>
    /// <param name="tags">The policy's tags, or all of the response's once its head is known.</param>
    public bool WouldBeValid(Snapshot snapshot, ImmutableArray<string> tags) =>
        Snapshot is { } begun && snapshot.Check(begun.Position, Plan.PrimaryKey, tags) == Verdict.Valid;

    /// <summary>One more waits for it, and reads along from the first byte if that is still here.</summary>
    public FillAttendance Attend()
    {
        lock (_gate)
        {
            _clients++;
            _timer?.Dispose();
            _timer = null;
        }
        return new FillAttendance(this, Body.Open());
    }

    /// <summary>One has gone; after the last the fill has its unattended time left, or none when nothing would come of it.</summary>
    internal void Leave()
    {
        lock (_gate)
        {
            if (--_clients > 0 || _completed.Task.IsCompleted) return;
            if (_outcome.Task is { IsCompletedSuccessfully: true, Result: FillOutcome.Responding { Prototype: null } } || !Body.IsWhole) Abandon();
            else _timer = _time.CreateTimer(static fill => ((Fill)fill!).AbandonUnattended(), this, _unattended, Timeout.InfiniteTimeSpan);
        }
    }

    private void AbandonUnattended()
    {
        lock (_gate)
        {
            if (_clients == 0) Abandon();
        }
    }

    public void Dispose() => _timer?.Dispose();

    // Cancellation callbacks run the origin's side; not under our lock.
    private void Abandon() => _ = Task.Run(_abandoned.Cancel);
}

/// <summary>One client at a fill.</summary>
/// <param name="fill">The fill.</param>
/// <param name="body">Its place in the body; <see langword="null"/> when the beginning is gone.</param>
internal sealed class FillAttendance(Fill fill, FillBody.Reader? body) : IDisposable
{
    private IDisposable? _counted;
    private bool _left;

    public Fill Fill => fill;

    public FillBody.Reader? Body { get; private set; } = body;

    /// <summary>Shows in a gauge until it leaves.</summary>
    public void CountIn(IGauge waiting) => _counted = Prometheus.GaugeExtensions.TrackInProgress(waiting);

    /// <summary>Waits for the whole from here on: the origin must not wait for this one.</summary>
    public void StopReading()
    {
        Body?.Dispose();
        Body = null;
    }

    public void Dispose()
    {
        if (_left) return;
        _left = true;
        _counted?.Dispose();
        StopReading();
        fill.Leave();
    }
}
