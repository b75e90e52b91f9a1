using System.Diagnostics;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Telemetry;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Caching.Explaining;

/// <summary>
/// The last decisions of this replica, for those who ask what happened to a request. They are written over one another in place, and keep
/// nothing of the requests alive: most misses are never asked about. Hits are kept only where somebody could name them, by a
/// <c>traceparent</c> that the client sent or a trace that is recorded: all others cost one look at a header, and no lock.
/// </summary>
internal sealed class DecisionRing(TimeProvider time)
{
    /// <summary>How many are kept.</summary>
    public const int Size = 4_096;

    private const int LongestPath = 512;
    private const int LongestMethod = 16;
    private readonly Lock _gate = new();
    private readonly Slot?[] _slots = new Slot?[Size];
    private long _count;

    /// <summary>Whether a hit is to be kept.</summary>
    public static bool IsNamed(HttpContext context) => context.Request.Headers.TraceParent.Count > 0 || CacheActivities.Source.HasListeners();

    public void Add(HttpContext context, CachePolicy? policy, in Answer answer, string? key, long started)
    {
        var request = context.Request;
        var (now, trace, took) = (time.GetUtcNow(), TraceOf(context), time.GetElapsedTime(started));
        var path = request.Path.Value.AsSpan();
        lock (_gate)
        {
            var slot = _slots[_count & (Size - 1)] ??= new Slot();
            _count++;
            slot.Time = now;
            slot.Method = request.Method.Length <= LongestMethod ? request.Method : request.Method[..LongestMethod];
            slot.Policy = policy?.Name;
            slot.Result = DecisionTable.Label(answer.Result);
            slot.Detail = answer.Reason;
            slot.Status = context.Response.StatusCode;
            slot.Milliseconds = took.TotalMilliseconds;
            slot.Write(trace, path[..Math.Min(path.Length, LongestPath)], key);
        }
    }

    /// <summary>The newest decision of a trace.</summary>
    public PastDecision? Find(string traceId) => Newest().FirstOrDefault(decision => string.Equals(decision.TraceId, traceId, StringComparison.OrdinalIgnoreCase));

    /// <summary>All that are kept, the newest first; those that are made meanwhile may be missed.</summary>
    public IEnumerable<PastDecision> Newest()
    {
        var count = Volatile.Read(ref _count);
        for (var i = count - 1; i >= 0 && i >= count - Size; i--)
        {
            PastDecision? decision;
            lock (_gate) decision = _count - i > Size ? null : _slots[i & (Size - 1)]?.Read();
            if (decision is not null) yield return decision;
        }
    }

    /// <summary>The trace that a request is found by.</summary>
    public static string TraceOf(HttpContext context)
    {
        // version-traceid-parent-flags (W3C Trace Context §3.2)
        if (context.Request.Headers.TraceParent is [{ Length: >= 55 } parent] && parent[2] == '-' && parent[35] == '-') return parent[3..35];
        return Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier;
    }

    /// <summary>A place for a decision. Its texts lie in one buffer, which grows to the longest that were here.</summary>
    private sealed class Slot
    {
        private char[] _texts = [];
        private int _trace;
        private int _path;
        private int _key = -1;

        public DateTimeOffset Time { get; set; }

        public string Method { get; set; } = "";

        public string? Policy { get; set; }

        public string Result { get; set; } = "";

        public string? Detail { get; set; }

        public int Status { get; set; }

        public double Milliseconds { get; set; }

        public void Write(ReadOnlySpan<char> trace, ReadOnlySpan<char> path, string? key)
        {
            (_trace, _path, _key) = (trace.Length, path.Length, key?.Length ?? -1);
            var length = trace.Length + path.Length + (key?.Length ?? 0);
            if (_texts.Length < length) _texts = new char[length];
            trace.CopyTo(_texts);
            path.CopyTo(_texts.AsSpan(trace.Length));
            key?.CopyTo(_texts.AsSpan(trace.Length + path.Length));
        }

        public PastDecision Read() => new(
            Time, new string(_texts, 0, _trace), Method, new string(_texts, _trace, _path), Policy, Result, Detail,
            _key < 0 ? null : new string(_texts, _trace + _path, _key), Status, Milliseconds);
    }
}
