using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace CacheProxy.Engine.Invalidation;

/// <summary>
/// For each purged key, tag and pattern the sequence number of its last hard purge, and separately of its last soft one (INVALIDATION 1).
/// All snapshots between two start-overs share one index. Invariants: one applier writes, values only grow, nothing is ever taken out. So
/// an index ahead of the snapshot that a request holds is stricter than it needs to be, and never laxer; where it must become smaller, a
/// new index is published together with a raised base.
/// </summary>
internal sealed class InvalidationIndex
{
    private readonly ConcurrentDictionary<string, Marks> _keys;
    private readonly ConcurrentDictionary<string, Marks> _tags;
    private PatternMark[] _patterns;
    private long _newest;
    private long _everythingSoft;

    public InvalidationIndex()
        : this(new(StringComparer.Ordinal), new(StringComparer.Ordinal), [], 0, 0)
    {
    }

    private InvalidationIndex(
        ConcurrentDictionary<string, Marks> keys, ConcurrentDictionary<string, Marks> tags, PatternMark[] patterns, long newest, long everythingSoft)
    {
        _keys = keys;
        _tags = tags;
        _patterns = patterns;
        _newest = newest;
        _everythingSoft = everythingSoft;
        Names = keys.Count + tags.Count;
    }

    /// <summary>How many keys and tags are marked. Written by the applier only.</summary>
    public int Names { get; private set; }

    /// <summary>How many patterns are marked.</summary>
    public int Patterns => Volatile.Read(ref _patterns).Length;

    /// <summary>Works a purge in. A hard purge of everything is not for the index: it raises the base.</summary>
    public void Apply(Invalidation invalidation, long sequence, long generation)
    {
        var soft = invalidation.Mode == InvalidationMode.Soft;
        if (invalidation.Everything && soft) Raise(ref _everythingSoft, sequence);
        foreach (var key in invalidation.Keys) Mark(_keys, key, sequence, soft);
        foreach (var tag in invalidation.Tags) Mark(_tags, tag, sequence, soft);
        if (!invalidation.Patterns.IsEmpty) MarkPatterns(invalidation.Patterns, sequence, generation, soft);

        // Last: who sees the new value here sees the marks too.
        Raise(ref _newest, sequence);
    }

    /// <summary>
    /// What an entry with this stamp is worth. Patterns up to <paramref name="checkedGeneration"/> are not matched again; soft ones are,
    /// unless the verdict of that check is given.
    /// </summary>
    public Verdict Check(long stamp, string primaryKey, ImmutableArray<string> tags, long checkedGeneration, Verdict checkedVerdict)
    {
        if (stamp >= Volatile.Read(ref _newest)) return Verdict.Valid;
        var stale = Volatile.Read(ref _everythingSoft) > stamp;

        if (_keys.TryGetValue(primaryKey, out var marks))
        {
            if (marks.Hard > stamp) return Verdict.Invalid;
            stale |= marks.Soft > stamp;
        }

        if (!tags.IsDefaultOrEmpty)
        {
            foreach (var tag in tags)
            {
                if (!_tags.TryGetValue(tag, out marks)) continue;
                if (marks.Hard > stamp) return Verdict.Invalid;
                stale |= marks.Soft > stamp;
            }
        }

        var byPattern = CheckPatterns(stamp, primaryKey, checkedGeneration, checkedVerdict);
        return byPattern == Verdict.Valid && stale ? Verdict.Stale : byPattern;
    }

    /// <summary>
    /// A smaller index that gives the same answers to every stamp from <paramref name="base"/> on: the older half of what is too much is left
    /// out. This one stays as it is for the snapshots that hold it.
    /// </summary>
    public InvalidationIndex Prune(int nameLimit, int patternLimit, out long @base)
    {
        @base = 0;
        if (Names > nameLimit)
        {
            var newest = _keys.Values.Concat(_tags.Values).Select(m => m.Newest).Order().ToArray();
            @base = newest[newest.Length / 2];
        }

        if (_patterns.Length > patternLimit) @base = Math.Max(@base, _patterns[_patterns.Length / 2].Sequence);
        return Above(@base);
    }

    private InvalidationIndex Above(long @base) => new(
        Above(_keys, @base), Above(_tags, @base), [.. _patterns.Where(p => p.Sequence > @base)], _newest, _everythingSoft);

    private static ConcurrentDictionary<string, Marks> Above(ConcurrentDictionary<string, Marks> names, long @base) => new(
        names.Where(n => n.Value.Newest > @base).Select(n => KeyValuePair.Create(n.Key, n.Value.Copy())), StringComparer.Ordinal);

    private Verdict CheckPatterns(long stamp, string primaryKey, long checkedGeneration, Verdict checkedVerdict)
    {
        var stale = checkedVerdict == Verdict.Stale;
        var softIsKnown = checkedVerdict != Verdict.Invalid;
        var patterns = Volatile.Read(ref _patterns);
        for (var i = patterns.Length - 1; i >= 0; i--)
        {
            // In order of sequence and generation: none before this one can matter.
            var pattern = patterns[i];
            if (pattern.Sequence <= stamp) break;
            if (pattern.Generation <= checkedGeneration && (softIsKnown || !pattern.Soft))
            {
                if (softIsKnown) break;
                continue;
            }

            if (pattern.Soft && stale) continue;
            if (!pattern.Glob.IsMatch(primaryKey)) continue;
            if (!pattern.Soft) return Verdict.Invalid;
            stale = true;
        }

        return stale ? Verdict.Stale : Verdict.Valid;
    }

    private void Mark(ConcurrentDictionary<string, Marks> names, string name, long sequence, bool soft)
    {
        if (!names.TryGetValue(name, out var marks))
        {
            marks = new();
            if (soft) marks.Soft = sequence;
            else marks.Hard = sequence;
            names[name] = marks;
            Names++;
        }
        else if (soft)
        {
            marks.Soft = Math.Max(marks.Soft, sequence);
        }
        else
        {
            marks.Hard = Math.Max(marks.Hard, sequence);
        }
    }

    private void MarkPatterns(ImmutableArray<string> texts, long sequence, long generation, bool soft)
    {
        var fresh = texts.Distinct(StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);
        var patterns = new List<PatternMark>(_patterns.Length + fresh.Count);
        foreach (var known in _patterns)
            if (known.Soft != soft || !fresh.Contains(known.Glob.Text)) patterns.Add(known);
        foreach (var text in fresh) patterns.Add(new(GlobPattern.Parse(text), sequence, generation, soft));
        Volatile.Write(ref _patterns, [.. patterns]);
    }

    private static void Raise(ref long value, long to)
    {
        if (to > Volatile.Read(ref value)) Volatile.Write(ref value, to);
    }

    /// <summary>Read by requests while the applier writes.</summary>
    private sealed class Marks
    {
        private long _hard;
        private long _soft;

        public long Hard { get => Volatile.Read(ref _hard); set => Volatile.Write(ref _hard, value); }

        public long Soft { get => Volatile.Read(ref _soft); set => Volatile.Write(ref _soft, value); }

        public long Newest => Math.Max(Hard, Soft);

        public Marks Copy() => new() { Hard = Hard, Soft = Soft };
    }

    private sealed record PatternMark(GlobPattern Glob, long Sequence, long Generation, bool Soft);
}
