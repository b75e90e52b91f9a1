using System.Collections.Immutable;
using CacheProxy.Engine.Invalidation;

namespace CacheProxy.Engine.Storage;

/// <summary>The stored responses of both tiers, for people. Never on a request's way.</summary>
internal sealed class EntryCatalog(MemoryTier memory, SharedNames? shared, TimeProvider time) : IEntryCatalog
{
    private static readonly TimeSpan s_budget = TimeSpan.FromSeconds(5);

    public async Task<EntryPage> ListAsync(string pattern, string? cursor, int limit, CancellationToken cancellationToken)
    {
        var glob = GlobPattern.Parse(pattern);
        var here = memory.Entries.Where(entry => glob.IsMatch(entry.Response.PrimaryKey)).ToLookup(static entry => VariantName.OfStored(entry.Response));
        var names = new SortedSet<string>(here.Select(static entries => entries.Key), StringComparer.Ordinal);
        if (shared is not null)
        {
            await foreach (var name in shared.ScanAsync(glob.LiteralPrefix, cancellationToken))
                if (glob.IsMatch(PrimaryKeyOf(name))) names.Add(name);
        }
        var page = ImmutableArray.CreateBuilder<EntryDescription>();
        string? last = null;
        foreach (var name in names)
        {
            if (cursor is not null && string.CompareOrdinal(name, cursor) <= 0) continue;
            if (page.Count >= limit) return new EntryPage(page.DrainToImmutable(), last);
            foreach (var description in await DescribeAsync(name, here[name])) page.Add(description with { Body = default });
            last = name;
        }
        return new EntryPage(page.DrainToImmutable(), null);
    }

    public async Task<ImmutableArray<EntryDescription>> FindAsync(string primaryKey, CancellationToken cancellationToken)
    {
        var found = ImmutableArray.CreateBuilder<EntryDescription>();
        var here = memory.Entries.Where(entry => entry.Response.PrimaryKey == primaryKey).ToLookup(static entry => VariantName.OfStored(entry.Response));
        var names = new HashSet<string>(here.Select(static entries => entries.Key), StringComparer.Ordinal);
        if (shared is not null)
        {
            await foreach (var name in shared.ScanAsync(primaryKey, cancellationToken))
                if (PrimaryKeyOf(name) == primaryKey) names.Add(name);
        }
        foreach (var name in names) found.AddRange(await DescribeAsync(name, here[name]));
        return found.DrainToImmutable();
    }

    public async Task<EntryCount> CountAsync(Invalidation.Invalidation invalidation, CancellationToken cancellationToken)
    {
        var (names, complete) = await MatchAsync(invalidation, remove: false, cancellationToken);
        long hits = 0, matched = 0;
        var selection = new InvalidationMatch(invalidation);
        foreach (var entry in memory.Entries)
        {
            var recent = entry.RecentHits;
            hits += recent;
            if (selection.Matches(entry.Response.PrimaryKey, entry.Response.Tags)) matched += recent;
        }
        return new EntryCount(names, complete, hits == 0 ? 0 : (double)matched / hits);
    }

    public async Task<EntryCount> RemoveAsync(Invalidation.Invalidation invalidation, CancellationToken cancellationToken)
    {
        var (names, complete) = await MatchAsync(invalidation, remove: invalidation.Mode != InvalidationMode.Soft, cancellationToken);
        return new EntryCount(names, complete);
    }

    /// <summary>The part of a name that a purge names (DESIGN 2): what stands before the remainder.</summary>
    internal static string PrimaryKeyOf(string name)
    {
        var end = name.AsSpan().IndexOfAny('?', '#');
        return end < 0 ? name : name[..end];
    }

    private async Task<(int Names, bool Complete)> MatchAsync(Invalidation.Invalidation invalidation, bool remove, CancellationToken cancellationToken)
    {
        var match = new InvalidationMatch(invalidation);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in memory.Entries)
        {
            if (!match.Matches(entry.Response.PrimaryKey, entry.Response.Tags)) continue;
            names.Add(VariantName.OfStored(entry.Response));
            // Those to be fetched again are found by what lies in memory: the sweeper takes what is left of them.
            if (remove && invalidation.Mode == InvalidationMode.Hard) memory.Remove(entry, "purged");
        }
        if (shared is null) return (names.Count, true);
        var started = time.GetTimestamp();
        try
        {
            if (match.Prefix is { } prefix)
            {
                await foreach (var name in shared.ScanAsync(prefix, cancellationToken))
                {
                    if (match.Matches(PrimaryKeyOf(name), [])) names.Add(name);
                    if (time.GetElapsedTime(started) > s_budget) return (names.Count, false);
                }
            }
            if (remove) await shared.RemoveAsync(names);
            return (names.Count, true);
        }
        catch (Exception exception) when (exception is StackExchange.Redis.RedisException or TimeoutException)
        {
            return (names.Count, false);
        }
    }

    private async Task<IEnumerable<EntryDescription>> DescribeAsync(string name, IEnumerable<MemoryEntry> here)
    {
        if (here.Any()) return here.Select(static entry => Describe(entry, "memory"));
        var record = shared is null ? null : await shared.ReadAsync(name);
        return record?.Response is { } response ? [Describe(new MemoryEntry(response, time), "shared")] : [];
    }

    private static EntryDescription Describe(MemoryEntry entry, string tier) => new()
    {
        Key = entry.Response.PrimaryKey,
        Name = entry.Response.Name,
        Policy = entry.Response.Policy,
        Tier = tier,
        Status = entry.Response.Status,
        Headers = entry.Response.Headers,
        Body = entry.Response.Body,
        Length = entry.Response.Body.Length,
        Age = entry.Age,
        Ttl = entry.Response.FreshUntilAge - entry.Age,
        Tags = entry.Response.Tags,
    };
}
