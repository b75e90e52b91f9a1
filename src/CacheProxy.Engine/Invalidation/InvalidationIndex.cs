using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace CacheProxy.Engine.Invalidation;

internal sealed class InvalidationIndex
{
    private readonly ConcurrentDictionary<string, long> _hard = new();

    public Verdict Check(long sequence, string primaryKey, ImmutableArray<string> tags, long checkedGeneration)
    {
        if (checkedGeneration > sequence) return Verdict.Valid;
        foreach (var tag in tags)
            if (_hard.TryGetValue(tag, out var purged) && purged > sequence) return Verdict.Invalid;
        return _hard.TryGetValue(primaryKey, out var last) && last > sequence ? Verdict.Invalid : Verdict.Valid;
    }
}
