using System.Collections.Immutable;

namespace CacheProxy.Engine.Invalidation;

/// <summary>
/// Epoch, position, generation, base and index as one immutable object behind one reference (INVALIDATION 1): whoever reads it sees
/// a state that existed.
/// </summary>
public sealed class Snapshot
{
    private readonly HeldPurges? _held;

    internal Snapshot(Epoch epoch, long applied, string appliedId, long generation, long @base, InvalidationIndex index, HeldPurges? held = null)
    {
        Epoch = epoch;
        Applied = applied;
        AppliedId = appliedId;
        Generation = generation;
        Base = @base;
        Index = index;
        _held = held;
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

    /// <summary>Whether an entry, or a fill that may be joined, is valid (INVALIDATION 1). Allocates nothing.</summary>
    /// <param name="stamp">The position that was applied before anything that the entry is made from was asked for.</param>
    /// <param name="primaryKey">What the policy's template gave.</param>
    /// <param name="tags">All its tags.</param>
    /// <param name="checkedGeneration">
    /// The generation under which <em>this</em> entry was last found valid or stale, 0 if never: only newer patterns are matched.
    /// </param>
    /// <param name="checkedVerdict">What it was found to be then. When it is not given, older soft purges by pattern are looked at again.</param>
    public Verdict Check(
        Position stamp, string primaryKey, ImmutableArray<string> tags, long checkedGeneration = 0, Verdict checkedVerdict = Verdict.Invalid)
    {
        if (stamp.Sequence < Base || !SameEpoch(stamp.Epoch)) return Verdict.Invalid;
        var verdict = Index.Check(stamp.Sequence, primaryKey, tags, checkedGeneration, checkedVerdict);
        return _held is null || verdict == Verdict.Invalid ? verdict : _held.Check(verdict, primaryKey, tags);
    }

    private bool SameEpoch(Epoch other) => ReferenceEquals(other, Epoch) || Epoch == other;
}
