using System.Collections.Immutable;
using CacheProxy.Engine.Invalidation;

namespace CacheProxy.Engine.Storage;

/// <summary>Which entries an invalidation names, for counting and removing. Whether an entry is <em>valid</em> is the log's word alone.</summary>
internal sealed class InvalidationMatch(Invalidation.Invalidation invalidation)
{
    private readonly HashSet<string> _keys = [.. invalidation.Keys];
    private readonly HashSet<string> _tags = [.. invalidation.Tags];
    private readonly ImmutableArray<GlobPattern> _patterns = [.. invalidation.Patterns.Select(GlobPattern.Parse)];

    /// <summary>What names in the shared tier must begin with to be named by key or pattern; a tag cannot be found there.</summary>
    public IEnumerable<string> Prefixes =>
        invalidation.Everything ? [""] : _keys.Concat(_patterns.Select(static pattern => pattern.LiteralPrefix)).Distinct(StringComparer.Ordinal);

    public bool Matches(string primaryKey, ImmutableArray<string> tags)
    {
        if (invalidation.Everything || _keys.Contains(primaryKey)) return true;
        foreach (var tag in tags)
            if (_tags.Contains(tag)) return true;
        foreach (var pattern in _patterns)
            if (pattern.IsMatch(primaryKey)) return true;
        return false;
    }
}
