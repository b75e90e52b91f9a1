using System.Collections.Immutable;

namespace CacheProxy.Engine.Policies;

/// <summary>
/// A policy as it is written, every value as text: <see cref="PolicyCompiler"/> reads them all and reports all that is wrong at once.
/// <see langword="null"/> means: the default.
/// </summary>
public sealed record CachePolicyConfig
{
    /// <summary>The name under which routes choose it.</summary>
    public required string Name { get; init; }

    /// <summary>Where it stands, for messages; default <c>CachePolicies.&lt;name&gt;</c>.</summary>
    public string Path { get => field ?? $"CachePolicies.{Name}"; init; }

    /// <summary>The template of the primary key; <see langword="null"/> for scheme, host and exact target.</summary>
    public string? Key { get; init; }

    /// <summary>The templates of the tags.</summary>
    public ImmutableArray<string> Tags { get; init; } = [];

    /// <summary><c>Origin</c> or a duration above 0. Required.</summary>
    public string? Ttl { get; init; }

    /// <summary>0 to 1; default 0.</summary>
    public string? Jitter { get; init; }

    /// <summary>Of GET, HEAD, POST, QUERY; default GET and HEAD.</summary>
    public ImmutableArray<string>? Methods { get; init; }

    /// <summary>Conditions on <c>query.</c>, <c>header.</c> and <c>body.</c> names; default <c>query.use_cache: false</c> with an explicit TTL.</summary>
    public IReadOnlyDictionary<string, string>? Bypass { get; init; }

    /// <summary>Query parameters that are neither keyed nor sent.</summary>
    public ImmutableArray<string> IgnoreQuery { get; init; } = [];

    /// <summary>Body fields, as dotted paths, that are neither keyed nor sent.</summary>
    public ImmutableArray<string> IgnoreBody { get; init; } = [];

    /// <summary><c>Key</c> (default), <c>Drop</c>, <c>Bypass</c> or <c>Reject</c>.</summary>
    public string? UnknownQuery { get; init; }

    /// <summary>Request headers that are keyed and sent.</summary>
    public ImmutableArray<string> VaryByHeader { get; init; } = [];

    /// <summary><c>true</c> or <c>false</c>, the default.</summary>
    public string? VaryByCredential { get; init; }

    /// <summary>The path of the access check, a template.</summary>
    public string? AccessCheckPath { get; init; }

    /// <summary>A duration above 0, required with a path.</summary>
    public string? AccessCheckTtl { get; init; }

    /// <summary><c>true</c> or <c>false</c>, the default.</summary>
    public string? Shared { get; init; }

    /// <summary>Status codes with durations above 0, besides 200 with <see cref="Ttl"/>.</summary>
    public IReadOnlyDictionary<string, string>? StatusCodes { get; init; }

    /// <summary><c>Ignore</c> or <c>Honor</c>; default <c>Ignore</c> with an explicit TTL, else <c>Honor</c>.</summary>
    public string? RequestDirectives { get; init; }

    /// <summary>Response headers that are not stored, with a trailing <c>*</c> for all that begin so.</summary>
    public ImmutableArray<string>? RemoveHeaders { get; init; }

    /// <summary>A size above 0; default 8 MiB.</summary>
    public string? MaxEntrySize { get; init; }

    /// <summary>A duration; default 0.</summary>
    public string? StaleWhileRevalidate { get; init; }

    /// <summary>A duration; default 0.</summary>
    public string? StaleIfError { get; init; }

    /// <summary><c>Origin</c> or <c>Serve</c>; default what <c>Consistency:OnLostLease</c> says.</summary>
    public string? OnLostLease { get; init; }

    /// <summary>What a successful unsafe request through the route purges.</summary>
    public InvalidationConfig? InvalidateOnSuccess { get; init; }

    /// <summary>A share, 0 to 1; default 0 for never.</summary>
    public string? RefreshAhead { get; init; }

    /// <summary>A share, 0 to 1; default 0 for never.</summary>
    public string? Verify { get; init; }

    /// <summary>Targets to fetch at start: paths with their queries, or whole URLs where the key has scheme and host.</summary>
    public ImmutableArray<string> Warmup { get; init; } = [];

    /// <summary><c>On</c>, the default, <c>Off</c> or <c>Shadow</c>.</summary>
    public string? Mode { get; init; }
}

/// <summary>Templates of an invalidation as they are written.</summary>
public sealed record InvalidationConfig
{
    /// <summary>Primary keys.</summary>
    public ImmutableArray<string> Keys { get; init; } = [];

    /// <summary>Tags.</summary>
    public ImmutableArray<string> Tags { get; init; } = [];

    /// <summary>Glob patterns, in which values stand for themselves.</summary>
    public ImmutableArray<string> Patterns { get; init; } = [];

    /// <summary><c>true</c> or <c>false</c>, the default.</summary>
    public string? Everything { get; init; }

    /// <summary><c>Hard</c>, the default, <c>Soft</c> or <c>Refresh</c>.</summary>
    public string? Mode { get; init; }
}
