using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Policies;

/// <summary>
/// Plans of targets asked for lately, for policies whose plans depend on nothing but the target. A fixed table without locks: an entry is
/// one immutable object behind one reference, and a new one takes the slot of another. What is asked for once is not remembered: a crowd
/// of such targets costs nothing, and pushes nothing out. It goes with its policy at a reload.
/// </summary>
internal sealed class PlanMemo
{
    private const int Slots = 1024;

    /// <summary>Longer targets are not remembered, so that strangers cannot fill memory with them.</summary>
    private const int MaxTarget = 512;

    private readonly Entry?[] _entries = new Entry?[Slots];
    private readonly int[] _seen = new int[Slots];

    public RequestPlan? Find(string rawTarget, HttpRequest request, Endpoint? endpoint)
    {
        var entry = Volatile.Read(ref _entries[HashOf(rawTarget) & (Slots - 1)]);
        return entry is not null && entry.RawTarget == rawTarget && entry.Host == request.Host.Value && entry.Scheme == request.Scheme && ReferenceEquals(entry.Endpoint, endpoint)
            ? entry.Plan : null;
    }

    /// <summary>Remembers a plan, if its target was the last of its slot before, too.</summary>
    public void Keep(string rawTarget, HttpRequest request, Endpoint? endpoint, RequestPlan plan)
    {
        if (rawTarget.Length > MaxTarget) return;
        var hash = HashOf(rawTarget);
        if (Interlocked.Exchange(ref _seen[hash & (Slots - 1)], hash) != hash) return;
        Volatile.Write(ref _entries[hash & (Slots - 1)], new(rawTarget, request.Scheme, request.Host.Value, endpoint, plan));
    }

    // Seeded per process, so that nobody can aim at a slot.
    private static int HashOf(string rawTarget) => rawTarget.GetHashCode(StringComparison.Ordinal);

    private sealed record Entry(string RawTarget, string Scheme, string? Host, Endpoint? Endpoint, RequestPlan Plan);
}
