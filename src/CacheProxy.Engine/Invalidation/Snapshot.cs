using System.Collections.Immutable;

namespace CacheProxy.Engine.Invalidation;

/// <summary>
/// Epoch, position, generation, base and index as one immutable object behind one reference (INVALIDATION 1): whoever reads it sees
/// a state that existed.
/// </summary>
public sealed class Snapshot
{
    internal Snapshot(Epoch epoch, long applied, string appliedId, long generation, long @base, InvalidationIndex index)
    {
        Epoch = epoch;
        Applied = applied;
        AppliedId = appliedId;
        Generation = generation;
        Base = @base;
        Index = index;
    }

    /// <summary>The log's life.</summary>
    public Epoch Epoch { get; }

    /// <summary>The last record worked in, without a gap.</summary>
    public long Applied { get; }

    /// <summary>The id of that record; empty if none.</summary>
    public string AppliedId { get; }

    /// <summary>Grows with every applied record and every start-over, over the life of the process; never 0.</summary>
    public long Generation { get; }

    /// <summary>Below it everything is invalid.</summary>
    public long Base { get; }

    internal InvalidationIndex Index { get; }

    /// <summary>The stamp for a fill that starts now.</summary>
    public Position Position => new(Epoch, Applied);

    /// <summary>Whether an entry, or a fill that may be joined, is valid (INVALIDATION 1).</summary>
    /// <param name="stamp">The position that was applied before anything that the entry is made from was asked for.</param>
    /// <param name="primaryKey">What the policy's template gave.</param>
    /// <param name="tags">All its tags.</param>
    /// <param name="checkedGeneration">The generation under which it was last found valid, 0 if never: only newer patterns are matched.</param>
    public Verdict Check(Position stamp, string primaryKey, ImmutableArray<string> tags, long checkedGeneration = 0)
    {
        if (stamp.Epoch != Epoch || stamp.Sequence < Base) return Verdict.Invalid;
        return Index.Check(stamp.Sequence, primaryKey, tags, checkedGeneration);
    }
}
