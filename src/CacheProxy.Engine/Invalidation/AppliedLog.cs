namespace CacheProxy.Engine.Invalidation;

/// <summary>
/// The records worked in so far, as the snapshot that requests read. One applier at a time calls the methods; readers need no lock.
/// Invariant: within an epoch <see cref="Snapshot.Applied"/> never goes back, and a snapshot is published only after its record is in the index.
/// </summary>
internal sealed class AppliedLog(int nameLimit = AppliedLog.DefaultNames, int patternLimit = AppliedLog.DefaultPatterns)
{
    public const int DefaultNames = 100_000;
    public const int DefaultPatterns = 1_000;

    private Snapshot? _current;
    private HeldPurges? _held;
    private long _generation;

    public Snapshot? Current => Volatile.Read(ref _current);

    /// <summary>Begins anew: whatever was stored below <paramref name="position"/>, or in another epoch, is invalid.</summary>
    public void StartOver(Epoch epoch, long position) =>
        Publish(new(epoch, position, "", ++_generation, position, new(), _held));

    /// <summary>Works in a record; <see langword="null"/> stands for one that could not be understood, and so may have named anything.</summary>
    public void Apply(long sequence, string id, Invalidation? invalidation)
    {
        var was = _current ?? throw new InvalidOperationException("No record can be worked in before the log's epoch is known.");
        if (sequence <= was.Applied) return;
        var (index, @base) = (was.Index, was.Base);
        var generation = _generation + 1;
        if (invalidation is null or { Everything: true, Mode: not InvalidationMode.Soft })
        {
            (index, @base) = (new(), sequence);
        }
        else
        {
            index.Apply(invalidation, sequence, generation);
            if (index.Names > nameLimit || index.Patterns > patternLimit)
            {
                index = index.Prune(nameLimit, patternLimit, out var pruned);
                @base = Math.Max(@base, pruned);
            }
        }

        _generation = generation;
        Publish(new(was.Epoch, sequence, id, generation, @base, index, _held));
    }

    /// <summary>Lets purges without a position count, or none any more.</summary>
    public void Hold(IReadOnlyCollection<Invalidation> purges)
    {
        _held = purges.Count == 0 ? null : new(purges);
        if (_current is not { } was) return;
        Publish(new(was.Epoch, was.Applied, was.AppliedId, ++_generation, was.Base, was.Index, _held));
    }

    private void Publish(Snapshot snapshot) => Volatile.Write(ref _current, snapshot);
}
