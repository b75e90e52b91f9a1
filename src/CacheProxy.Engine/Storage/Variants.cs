using System.Collections;

namespace CacheProxy.Engine.Storage;

/// <summary>
/// The stored responses of one key in memory: wholes and parts that differ in what selected them. Immutable, and one reference: readers see
/// a list that existed. One entry, as nearly always, needs no list.
/// </summary>
public readonly struct Variants : IReadOnlyList<MemoryEntry>
{
    // Null, an entry, or an array of several.
    private readonly object? _held;

    private Variants(object? held) => _held = held;

    /// <summary>How many there are.</summary>
    public int Count => _held switch { null => 0, MemoryEntry[] several => several.Length, _ => 1 };

    /// <summary>One of them, in the order in which they came.</summary>
    public MemoryEntry this[int index] => _held is MemoryEntry[] several ? several[index] : (MemoryEntry)_held!;

    /// <summary>The list with one more at its end.</summary>
    public Variants Add(MemoryEntry entry) => _held switch
    {
        null => new(entry),
        MemoryEntry[] several => new((MemoryEntry[])[.. several, entry]),
        var one => new((MemoryEntry[])[(MemoryEntry)one, entry]),
    };

    /// <summary>The list without one.</summary>
    public Variants Remove(MemoryEntry entry)
    {
        if (_held == (object)entry) return default;
        if (_held is not MemoryEntry[] several) return this;
        var left = Array.FindAll(several, other => other != entry);
        return left.Length == 1 ? new(left[0]) : new(left);
    }

    /// <summary>Enumerates them without allocation.</summary>
    public Enumerator GetEnumerator() => new(this);

    IEnumerator<MemoryEntry> IEnumerable<MemoryEntry>.GetEnumerator()
    {
        foreach (var entry in this) yield return entry;
    }

    IEnumerator IEnumerable.GetEnumerator() => ((IEnumerable<MemoryEntry>)this).GetEnumerator();

    /// <summary>A place in the list.</summary>
    public struct Enumerator
    {
        private readonly Variants _variants;
        private int _index;

        internal Enumerator(Variants variants) => (_variants, _index) = (variants, -1);

        /// <summary>The entry at the place.</summary>
        public readonly MemoryEntry Current => _variants[_index];

        /// <summary>Goes on to the next.</summary>
        public bool MoveNext() => ++_index < _variants.Count;
    }
}
