using System.Collections.Immutable;

namespace CacheProxy.Engine.Invalidation;

/// <summary>A purge of a change that has happened, kept until it is recorded and worked in.</summary>
/// <param name="Invalidation">What to purge.</param>
/// <param name="Id">By which a retry is known.</param>
/// <param name="Recorded">Where it was recorded; <see langword="null"/> as long as it is not.</param>
internal sealed record PendingPurge(Invalidation Invalidation, string Id, Position? Recorded)
{
    /// <summary>Whether nothing that this purge names can be found valid under the snapshot any more.</summary>
    public bool IsIn(Snapshot snapshot) => Recorded is { } at
        && (snapshot.Epoch.Number > at.Epoch.Number || (snapshot.Epoch == at.Epoch && snapshot.Applied >= at.Sequence));
}

/// <summary>The purges that are kept. Too many of them become one of everything.</summary>
internal sealed class PendingPurges
{
    private const int Most = 1_000;
    private readonly Lock _gate = new();
    private ImmutableArray<PendingPurge> _all = [];

    public int Count => All.Length;

    public ImmutableArray<PendingPurge> All
    {
        get { lock (_gate) return _all; }
    }

    public IReadOnlyCollection<Invalidation> Invalidations => [.. All.Select(p => p.Invalidation)];

    public void Add(Invalidation invalidation, string id)
    {
        lock (_gate) _all = _all.Length < Most ? _all.Add(new(invalidation, id, Recorded: null)) : [new(Invalidation.OfEverything, id, Recorded: null)];
    }

    public void MarkRecorded(PendingPurge purge, Position position)
    {
        lock (_gate)
        {
            var at = _all.IndexOf(purge);
            if (at >= 0) _all = _all.SetItem(at, purge with { Recorded = position });
        }
    }

    /// <summary>Lets go of those that are worked in; true if there were any.</summary>
    public bool Release(Snapshot snapshot)
    {
        lock (_gate)
        {
            var left = _all.RemoveAll(p => p.IsIn(snapshot));
            if (left.Length == _all.Length) return false;
            _all = left;
            return true;
        }
    }
}
