using System.Collections.Concurrent;
using CacheProxy.Engine.Telemetry;

namespace CacheProxy.Engine.Storage;

/// <summary>
/// The first place to look: in process, bounded in bytes. Eviction is SIEVE (NSDI '24): entries queue in order of insertion, a hit sets a
/// bit and takes no lock, and a hand that moves from the oldest to the newest clears bits and takes the first entry without one.
/// Invariant: an entry is in the queue exactly while it is found under its key and counted in <see cref="Bytes"/>; all three change under the gate.
/// </summary>
public sealed class MemoryTier
{
    private readonly ConcurrentDictionary<Hash256, Variants> _stored = new();
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly CacheMetrics _metrics;
    private readonly Prometheus.Counter.Child _evictedForSize;
    private readonly long _limit;
    private readonly int _maxVariants;
    private MemoryEntry? _newest;
    private MemoryEntry? _oldest;
    private MemoryEntry? _hand;
    private long _bytes;
    private int _count;

    /// <summary>Creates an empty tier.</summary>
    public MemoryTier(MemoryOptions options, CacheMetrics metrics, TimeProvider time)
    {
        _limit = options.Limit;
        _maxVariants = options.MaxVariants;
        _metrics = metrics;
        _evictedForSize = metrics.Evictions.WithLabels("size");
        _time = time;
    }

    /// <summary>Bytes held.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Stored responses held.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>All entries, in no order; those that come or go meanwhile may be missed.</summary>
    public IEnumerable<MemoryEntry> Entries
    {
        get
        {
            foreach (var (_, variants) in _stored)
                foreach (var entry in variants) yield return entry;
        }
    }

    /// <summary>The stored responses of a key; they differ in what selected them. Empty when there is none.</summary>
    public Variants Find(in Hash256 identity) => _stored.TryGetValue(identity, out var variants) ? variants : default;

    /// <summary>Marks an entry as used. No lock; a lost write costs at most an early eviction.</summary>
    public static void Touch(MemoryEntry entry)
    {
        entry.HitCount++;
        if (!entry.Visited) entry.Visited = true;
    }

    /// <summary>Stores a response in the place of the one with the same selecting fields. Larger than the limit: not at all.</summary>
    /// <returns>The entry, also when it was too large to be kept.</returns>
    public MemoryEntry Add(StoredResponse response) => Add(new MemoryEntry(response, _time));

    /// <summary>Stores an entry in the place of the one with the same selecting fields. Larger than the limit: not at all.</summary>
    /// <returns>The same entry.</returns>
    public MemoryEntry Add(MemoryEntry entry)
    {
        var response = entry.Response;
        lock (_gate)
        {
            if (entry.Size > _limit / 2) return entry;
            MakePlaceFor(response);
            // Before the new one is in: it has not had a chance to be used yet.
            while (_oldest is not null && _bytes + entry.Size > _limit) EvictOne();
            _stored[response.Identity] = Find(response.Identity).Add(entry);
            Link(entry);
        }
        Publish();
        return entry;
    }

    private void MakePlaceFor(StoredResponse response)
    {
        var stored = Find(response.Identity);
        foreach (var other in stored)
            // A whole makes its parts needless; a part takes nothing's place but that of the part that it was united with.
            if ((other.Response.IsPartial || !response.IsPartial) && SameSelection(other.Response, response)) Unlink(other, null);
        if (stored.Count >= _maxVariants && Find(response.Identity) is { Count: var count } left && count >= _maxVariants) Unlink(left[0], "variants");
    }

    /// <summary>Puts another response in the place of exactly this entry; nothing when it is no longer here.</summary>
    public MemoryEntry? Replace(MemoryEntry entry, StoredResponse response)
    {
        MemoryEntry added;
        lock (_gate)
        {
            // One step (the lock may be taken again by its holder): what a newer fill stores in between would be replaced by what is older.
            if (!entry.Linked) return null;
            added = Add(response);
        }
        if (entry.Kept is null) return added;
        added.Keep(entry.Kept, entry.KeptSize);
        Recount(added);
        return added;
    }

    /// <summary>Counts an entry anew that has grown: its codings are made after it was stored.</summary>
    public void Recount(MemoryEntry entry)
    {
        lock (_gate)
        {
            if (!entry.Linked) return;
            var size = entry.Response.Size + entry.KeptSize;
            _bytes += size - entry.Size;
            entry.Size = size;
            while (_bytes > _limit) EvictOne();
        }
        Publish();
    }

    /// <summary>Removes an entry, if it is still here.</summary>
    public void Remove(MemoryEntry entry, string reason)
    {
        lock (_gate)
        {
            if (entry.Linked) Unlink(entry, reason);
        }
        Publish();
    }

    private static bool SameSelection(StoredResponse a, StoredResponse b) => a.Selecting.AsSpan().SequenceEqual(b.Selecting.AsSpan());

    private void Link(MemoryEntry entry)
    {
        entry.Linked = true;
        entry.Older = _newest;
        if (_newest is not null) _newest.Newer = entry;
        _newest = entry;
        _oldest ??= entry;
        _bytes += entry.Size;
        _count++;
    }

    private void Unlink(MemoryEntry entry, string? reason)
    {
        if (_hand == entry) _hand = entry.Newer;
        if (entry.Newer is null) _newest = entry.Older;
        else entry.Newer.Older = entry.Older;
        if (entry.Older is null) _oldest = entry.Newer;
        else entry.Older.Newer = entry.Newer;
        entry.Newer = entry.Older = null;
        entry.Linked = false;
        _bytes -= entry.Size;
        _count--;
        var left = Find(entry.Response.Identity).Remove(entry);
        if (left.Count == 0) _stored.TryRemove(entry.Response.Identity, out _);
        else _stored[entry.Response.Identity] = left;
        if (reason is not null) _metrics.Evictions.WithLabels(reason).Inc();
    }

    private void EvictOne()
    {
        var hand = _hand ?? _oldest!;
        while (hand.Visited)
        {
            hand.Visited = false;
            hand = hand.Newer ?? _oldest!;
        }
        _hand = hand.Newer;
        Unlink(hand, null);
        _evictedForSize.Inc();
    }

    private void Publish()
    {
        _metrics.MemoryBytes.Set(Bytes);
        _metrics.MemoryEntries.Set(Count);
    }
}
