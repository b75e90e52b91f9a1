using System.Collections.Immutable;
using CacheProxy.Engine.Policies.InCode;

namespace CacheProxy.Engine.Policies;

/// <summary>
/// A policy applied to one request: what it is called, what it is tagged with, and what a fill for it sends. Immutable, and shared by all
/// requests that are alike.
/// </summary>
public sealed class RequestPlan
{
    /// <summary>The policy that made it.</summary>
    public required CachePolicy Policy { get; init; }

    /// <summary>The template's part, or scheme, host and path without one: what a purge by key or pattern names.</summary>
    public required string PrimaryKey { get; init; }

    /// <summary>The name in the shared tier, before variants: <c>&lt;primary key&gt;[?&lt;query&gt;][#&lt;16 hex&gt;]</c>, at most 512 bytes.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of all that was keyed, before variants: policy, parts with type and presence, remainder.</summary>
    public required Hash256 Identity { get; init; }

    /// <summary>The policy's tags and the implicit <c>uri:</c> tag, each once.</summary>
    public required ImmutableArray<string> Tags { get; init; }

    /// <summary>The target that a fill sends: path and query, exactly; with an explicit TTL only what was keyed.</summary>
    public required string Target { get; init; }

    /// <summary>The body that a fill sends; <see langword="null"/> for none.</summary>
    public ReadOnlyMemory<byte>? Body { get; init; }

    /// <summary>With an explicit TTL the <c>Accept</c> that a fill sends.</summary>
    public string? Accept { get; init; }

    /// <summary>The targets of the access checks, one per element of a list; empty without <c>AccessCheck</c>.</summary>
    public ImmutableArray<string> AccessTargets { get; init; } = [];

    /// <summary>What policies written in C# decided about the request; <see langword="null"/> for a compiled one.</summary>
    internal RequestDecision? InCode { get; init; }
}
