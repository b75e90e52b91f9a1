using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Storage;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>
/// What a request to the origin is based on: which stored response it validates, which part it completes, which range it asks for; at most one
/// of them. An answer that fits none of it (a 304 about something else, a 206 that was not asked for or does not go on where ours ends) is
/// no answer, and the origin is asked once more, plainly.
/// </summary>
internal sealed class FillBasis
{
    private FillBasis(MemoryEntry? stored) => Stored = stored;

    /// <summary>A valid stored response, to serve instead of an error.</summary>
    public MemoryEntry? Stored { get; }

    /// <summary>The stored response that the request's validators are about.</summary>
    public MemoryEntry? Validates { get; private init; }

    /// <summary>The stored part to be completed.</summary>
    public MemoryEntry? Completes { get; private init; }

    /// <summary>What is missing of it.</summary>
    public MissingRest? Rest { get; private init; }

    /// <summary>Whether the client's own range is asked for.</summary>
    public bool AsksRange { get; private init; }

    /// <summary>Whether nothing but the whole was asked for, unconditionally.</summary>
    public bool IsPlain => Validates is null && Completes is null && !AsksRange;

    /// <summary>The basis of a fill.</summary>
    /// <param name="fill">The fill; its stamp is taken.</param>
    /// <param name="stored">A valid stored response.</param>
    /// <param name="now">Now.</param>
    public static FillBasis Of(Fill fill, MemoryEntry? stored, DateTimeOffset now)
    {
        // HEAD asks about what is stored with fields of its own (RFC 9111 §4.3.5), not by validators.
        if (fill.Request.IsHead) return new FillBasis(stored);
        // Behind a soft purge a 304 could not make it fresh, since what it confirms keeps its stamp: the whole is asked for.
        // Policies in C# decide about whole responses.
        if (stored is not null) return new FillBasis(stored) { Validates = stored is { IsBehindPurge: false, Response.HasValidator: true } && fill.Plan.InCode is null ? stored : null };
        if (fill.Request.Range is not null) return new FillBasis(null) { AsksRange = true };
        if (PartOf(fill) is { } part && Parts.RestOf(part.Response, now) is { } rest) return new FillBasis(null) { Completes = part, Rest = rest };
        return new FillBasis(null);
    }

    /// <summary>The same, with nothing that the answer would have to fit.</summary>
    public static FillBasis Plain(MemoryEntry? stored) => new(stored);

    /// <summary>
    /// The fill's stored part, if it may be used under a lease and is valid under the fill's own stamp (INVALIDATION 3). Not behind a soft
    /// purge: what would be made of it would be as stale as it is.
    /// </summary>
    public static MemoryEntry? PartOf(Fill fill) =>
        fill is { MayUseParts: true, Request.Part: { } part, Snapshot: { } snapshot } && part.Check(snapshot) == Verdict.Valid ? part : null;
}
