using System.Diagnostics;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Telemetry;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Caching.Explaining;

/// <summary>
/// The last decisions of this replica, for those who ask what happened to a request. A slot is one immutable object behind one reference:
/// no lock, and a reader sees a decision that was made. Hits are kept only where somebody could name them, by a <c>traceparent</c> that
/// the client sent or a trace that is recorded: all others cost one look at a header.
/// </summary>
internal sealed class DecisionRing(TimeProvider time)
{
    /// <summary>How many are kept.</summary>
    public const int Size = 4_096;

    private const int LongestPath = 512;
    private readonly PastDecision?[] _slots = new PastDecision?[Size];
    private long _next = -1;

    /// <summary>Whether a hit is to be kept.</summary>
    public static bool IsNamed(HttpContext context) => context.Request.Headers.TraceParent.Count > 0 || CacheActivities.Source.HasListeners();

    public void Add(HttpContext context, CachePolicy? policy, in Answer answer, string? key, long started)
    {
        var request = context.Request;
        var path = request.Path.Value ?? "";
        Volatile.Write(ref _slots[Interlocked.Increment(ref _next) & (Size - 1)], new PastDecision(
            time.GetUtcNow(), TraceOf(context), request.Method.Length <= 16 ? request.Method : request.Method[..16], path.Length <= LongestPath ? path : path[..LongestPath],
            policy?.Name, DecisionTable.Label(answer.Result), answer.Reason, key, context.Response.StatusCode, time.GetElapsedTime(started).TotalMilliseconds));
    }

    /// <summary>The newest decision of a trace.</summary>
    public PastDecision? Find(string traceId) => Newest().FirstOrDefault(decision => string.Equals(decision.TraceId, traceId, StringComparison.OrdinalIgnoreCase));

    /// <summary>All that are kept, the newest first.</summary>
    public IEnumerable<PastDecision> Newest()
    {
        var next = Volatile.Read(ref _next);
        for (var i = next; i >= 0 && i > next - Size; i--)
            if (Volatile.Read(ref _slots[i & (Size - 1)]) is { } decision) yield return decision;
    }

    /// <summary>The trace that a request is found by.</summary>
    public static string TraceOf(HttpContext context)
    {
        // version-traceid-parent-flags (W3C Trace Context §3.2)
        if (context.Request.Headers.TraceParent is [{ Length: >= 55 } parent] && parent[2] == '-' && parent[35] == '-') return parent[3..35];
        return Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier;
    }
}
