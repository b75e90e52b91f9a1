using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Caching.Explaining;

/// <summary>Says what would become of a request and why, and what became of one. Asks no origin and changes nothing.</summary>
public interface IExplainer
{
    /// <summary>What would happen to this request now, on this replica.</summary>
    Task<Explanation> ExplainAsync(ExplainedRequest request, CancellationToken cancellationToken);

    /// <summary>What happened to the request of this trace; <see langword="null"/> when it is not among the last ones.</summary>
    PastDecision? Find(string traceId);

    /// <summary>The last decisions, the newest first, at most 4 096.</summary>
    IEnumerable<PastDecision> Recent { get; }
}

/// <summary>A request to be explained.</summary>
/// <param name="Method">Its method.</param>
/// <param name="Scheme">Under which it would come.</param>
/// <param name="Host">The host that it would ask.</param>
/// <param name="Target">Path and query, as they would be sent.</param>
/// <param name="Headers">Its header fields.</param>
/// <param name="Body">Its JSON body; <see langword="null"/> for none.</param>
public sealed record ExplainedRequest(string Method, string Scheme, string Host, string Target, IHeaderDictionary Headers, ReadOnlyMemory<byte>? Body);

/// <summary>What would become of a request.</summary>
public sealed record Explanation
{
    /// <summary>The route that takes it; <see langword="null"/> when none does.</summary>
    public string? Route { get; init; }

    /// <summary>Its policy.</summary>
    public string? Policy { get; init; }

    /// <summary>The policy's mode at this moment, the kill switch included.</summary>
    public string? Mode { get; init; }

    /// <summary>The result, as in metrics: <c>hit</c>, <c>hit_shared</c>, <c>stale</c>, <c>miss</c>, <c>bypass</c>; or <c>no-route</c>.</summary>
    public required string Result { get; init; }

    /// <summary>Why, in one word of the closed lists.</summary>
    public string? Reason { get; init; }

    /// <summary>Why, in sentences.</summary>
    public required ImmutableArray<string> Notes { get; init; }

    /// <summary>The primary key, which purges name.</summary>
    public string? Key { get; init; }

    /// <summary>The name in the shared tier, before variants.</summary>
    public string? Name { get; init; }

    /// <summary>All tags that the policy gives it.</summary>
    public ImmutableArray<string> Tags { get; init; } = [];

    /// <summary>What a fill would ask the origin for.</summary>
    public string? Target { get; init; }

    /// <summary>What the backend is asked first, about the caller.</summary>
    public ImmutableArray<string> AccessChecks { get; init; } = [];

    /// <summary>What is stored under its key on this replica.</summary>
    public ImmutableArray<ExplainedEntry> Entries { get; init; } = [];
}

/// <summary>A stored response, and whether it could answer.</summary>
/// <param name="Tier"><c>memory</c> or <c>shared</c>.</param>
/// <param name="Verdict"><c>valid</c>, <c>stale</c> (soft purge), <c>purged</c>, <c>other-variant</c> or <c>other-policy</c>.</param>
/// <param name="Selecting">The names of the request fields that selected it.</param>
/// <param name="Age">Its age.</param>
/// <param name="Ttl">What is left of its freshness; negative when stale.</param>
public sealed record ExplainedEntry(string Tier, string Verdict, ImmutableArray<string> Selecting, TimeSpan Age, TimeSpan Ttl);

/// <summary>What became of a request.</summary>
/// <param name="Time">When it was answered.</param>
/// <param name="TraceId">Its trace.</param>
/// <param name="Method">Its method.</param>
/// <param name="Path">Its path, without the query, where tokens travel.</param>
/// <param name="Policy">Its policy.</param>
/// <param name="Result">The result, as in metrics.</param>
/// <param name="Detail">Why, as in <c>Cache-Status</c>.</param>
/// <param name="Key">Its primary key, where it had one.</param>
/// <param name="Status">The status sent.</param>
/// <param name="Milliseconds">From its head to the end of its answer.</param>
public sealed record PastDecision(
    DateTimeOffset Time, string TraceId, string Method, string Path, string? Policy, string Result, string? Detail, string? Key, int Status, double Milliseconds);
