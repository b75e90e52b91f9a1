using System.Collections.Immutable;

namespace CacheProxy.Engine.Invalidation;

/// <summary>
/// Purges of changes that have happened but could not be recorded yet (INVALIDATION 4): until they are, whatever they name is worth nothing
/// on this replica, whatever its stamp, since no position exists yet that could tell before from after.
/// </summary>
internal sealed class HeldPurges
{
    private const long Mark = 1;

    private readonly InvalidationIndex _index = new();
    private readonly bool _everything;

    public HeldPurges(IEnumerable<Invalidation> purges)
    {
        foreach (var purge in purges)
        {
            _everything |= purge is { Everything: true, Mode: not InvalidationMode.Soft };
            _index.Apply(purge, Mark, Mark);
        }
    }

    public Verdict Check(Verdict verdict, string primaryKey, ImmutableArray<string> tags)
    {
        if (_everything) return Verdict.Invalid;
        var held = _index.Check(stamp: 0, primaryKey, tags, checkedGeneration: 0, Verdict.Invalid);
        return held < verdict ? held : verdict;
    }
}
