using System.Collections.Immutable;
using CacheProxy.Engine.Http;

namespace CacheProxy.Engine.Storage;

/// <summary>The stored responses of both tiers, for people: listing, reading, counting and removing. Never on a request's way.</summary>
public interface IEntryCatalog
{
    /// <summary>A page of the stored responses whose primary key matches the glob pattern.</summary>
    /// <param name="pattern">Redis' glob language; <c>*</c> for all.</param>
    /// <param name="cursor">What the page before returned; <see langword="null"/> for the first.</param>
    /// <param name="limit">The most entries wanted, 1 to 1 000.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    Task<EntryPage> ListAsync(string pattern, string? cursor, int limit, CancellationToken cancellationToken);

    /// <summary>All stored responses of a primary key: every remainder and variant.</summary>
    Task<ImmutableArray<EntryDescription>> FindAsync(string primaryKey, CancellationToken cancellationToken);

    /// <summary>Counts what an invalidation would take, and which share of the last minutes' hits that was.</summary>
    Task<EntryCount> CountAsync(Invalidation.Invalidation invalidation, CancellationToken cancellationToken);

    /// <summary>Removes, and counts, what a recorded invalidation has made worthless; at most 5 s.</summary>
    Task<EntryCount> RemoveAsync(Invalidation.Invalidation invalidation, CancellationToken cancellationToken);
}

/// <summary>A page of a listing.</summary>
/// <param name="Entries">The entries.</param>
/// <param name="Cursor">For the next page; <see langword="null"/> at the end.</param>
public sealed record EntryPage(ImmutableArray<EntryDescription> Entries, string? Cursor);

/// <summary>How many entries, and whether the count is complete.</summary>
/// <param name="Matched">Stored responses.</param>
/// <param name="Complete">Whether all were looked at within the time.</param>
/// <param name="HitShare">The share of the last minutes' hits, 0 to 1; <see langword="null"/> when not asked for.</param>
public sealed record EntryCount(long Matched, bool Complete, double? HitShare = null);

/// <summary>One stored response, described.</summary>
public sealed record EntryDescription
{
    /// <summary>The primary key.</summary>
    public required string Key { get; init; }

    /// <summary>The name in the shared tier.</summary>
    public required string Name { get; init; }

    /// <summary>The policy.</summary>
    public required string Policy { get; init; }

    /// <summary><c>memory</c> or <c>shared</c>.</summary>
    public required string Tier { get; init; }

    /// <summary>The status code.</summary>
    public required int Status { get; init; }

    /// <summary>The header fields as they are sent.</summary>
    public required HeaderFields Headers { get; init; }

    /// <summary>The body, not decoded.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The body's length in bytes.</summary>
    public required long Length { get; init; }

    /// <summary>Its current age.</summary>
    public required TimeSpan Age { get; init; }

    /// <summary>What is left of its freshness; negative when stale.</summary>
    public required TimeSpan Ttl { get; init; }

    /// <summary>All its tags.</summary>
    public required ImmutableArray<string> Tags { get; init; }
}
