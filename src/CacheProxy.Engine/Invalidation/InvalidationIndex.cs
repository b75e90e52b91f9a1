using System.Collections.Immutable;

namespace CacheProxy.Engine.Invalidation;

internal sealed class InvalidationIndex
{
    public Verdict Check(long sequence, string primaryKey, ImmutableArray<string> tags, long checkedGeneration) => Verdict.Valid;
}
