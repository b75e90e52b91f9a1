using System.Collections.Immutable;
using CacheProxy.Engine.Invalidation;

namespace CacheProxy.Engine.Storage;

/// <summary>Which entries an invalidation names, for counting and removing. Whether an entry is <em>valid</em> is the log's word alone.</summary>
internal sealed class InvalidationMatch(Invalidation.Invalidation invalidation)
{
    private readonly HashSet<string> _keys = [.. invalidation.Keys];
    private readonly HashSet<string> _tags = [.. invalidation.Tags];
    private readonly ImmutableArray<GlobPattern> _patterns = [.. invalidation.Patterns.Select(GlobPattern.Parse)];

    /// <summary>
    /// What all names in the shared tier begin with that a key or a pattern names; <see langword="null"/> where only tags are named, which
    /// cannot be found there. One for all of them: each walk passes all that Redis holds, whatever it looks for.
    /// </summary>
    public string? Prefix => invalidation.Everything ? "" : _keys.Concat(_patterns.Select(static pattern => pattern.LiteralPrefix)).Aggregate((string?)null, Common);

    public bool Matches(string primaryKey, ImmutableArray<string> tags)
    {
        if (invalidation.Everything || _keys.Contains(primaryKey)) return true;
        foreach (var tag in tags)
            if (_tags.Contains(tag)) return true;
        foreach (var pattern in _patterns)
            if (pattern.IsMatch(primaryKey)) return true;
        return false;
    }

    private static string Common(string? prefix, string name)
    {
        if (prefix is null) return name;
        var length = prefix.AsSpan().CommonPrefixLength(name);
        // Half a character has no bytes to look for.
        return prefix[..(length > 0 && char.IsHighSurrogate(prefix[length - 1]) ? length - 1 : length)];
    }
}
