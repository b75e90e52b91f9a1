using System.Collections.Immutable;

namespace CacheProxy.Engine.Storage;

/// <summary>
/// What stands under one name in the shared tier. Under a key's own name: which request fields have selected among its responses so far
/// (RFC 9111 §4.1), and the response to a request in which all of them were absent. Under a variant's name: that variant.
/// The lists of names need no validity: a response is checked field by field before it is used.
/// </summary>
/// <param name="SelectingNames">Each list of lower-case field names that some response's <c>Vary</c> gave; at most <see cref="MaxLists"/>.</param>
/// <param name="Response">The response, if there is one.</param>
internal sealed record SharedRecord(ImmutableArray<ImmutableArray<string>> SelectingNames, StoredResponse? Response)
{
    public const int MaxLists = 4;

    public static SharedRecord Empty { get; } = new([], null);

    public bool Knows(ImmutableArray<string> names) =>
        names.IsEmpty || SelectingNames.Any(known => known.AsSpan().SequenceEqual(names.AsSpan()));

    public SharedRecord Add(ImmutableArray<string> names) =>
        Knows(names) ? this : this with { SelectingNames = [names, .. SelectingNames.Take(MaxLists - 1)] };
}
