using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using Microsoft.AspNetCore.OutputCaching;

namespace CacheProxy.Engine.Policies.InCode;

/// <summary>
/// What an endpoint says of its caching in C#: policies of the stock builder, or of the application's own classes. What they decide about a
/// request is brought under a compiled policy that keys, and sends, exactly what they vary by; there are few of those.
/// </summary>
internal sealed class PolicyInCode
{
    /// <summary>More sets of rules than anybody writes; one that makes names out of requests gets no further ones kept.</summary>
    private const int MaxKept = 64;

    private static readonly ImmutableArray<string> s_methods = ["GET", "HEAD"];
    private readonly ConcurrentDictionary<VaryingBy, CachePolicy> _compiled = new();
    private readonly CredentialOptions _credentials;
    private readonly long _maxEntrySize;

    /// <param name="name">A metric label: the policy's name, or the route.</param>
    /// <param name="route">What tells the endpoint from all others, the same in every process.</param>
    /// <param name="policies">In the order in which they are asked.</param>
    /// <param name="credentials">Which request fields say who asks.</param>
    /// <param name="maxEntrySize">The longest body that is stored.</param>
    public PolicyInCode(string name, string route, ImmutableArray<IOutputCachePolicy> policies, CredentialOptions credentials, long maxEntrySize)
    {
        (Name, Route, Policies, _credentials, _maxEntrySize) = (name, route, policies, credentials, maxEntrySize);
        Plain = Compile(new VaryingBy("GET", true, null, "", false));
    }

    public string Name { get; }

    public string Route { get; }

    public ImmutableArray<IOutputCachePolicy> Policies { get; }

    /// <summary>For requests about which the policies decide nothing.</summary>
    public CachePolicy Plain { get; }

    /// <summary>The compiled policy that keys and sends what the rules name.</summary>
    public CachePolicy Under(VaryingBy rules)
    {
        if (_compiled.TryGetValue(rules, out var known)) return known;
        var compiled = Compile(rules);
        return _compiled.Count < MaxKept ? _compiled.GetOrAdd(rules, compiled) : compiled;
    }

    private CachePolicy Compile(VaryingBy rules)
    {
        // As ASP.NET Core reads them: in any case.
        var query = rules.QueryKeys?.ToFrozenSet(StringComparer.OrdinalIgnoreCase) ?? [];
        return new(new()
        {
            HasHost = rules.Host,
            Query = new() { Known = query, Unknown = rules.QueryKeys is null ? UnknownQuery.Key : UnknownQuery.Drop, KeepsOrder = true },
            Body = new(),
            Credentials = _credentials,
            PlainMethod = "GET",
        })
        {
            Name = Name,
            Methods = s_methods.Contains(rules.Method) ? s_methods : [rules.Method],
            // The entry's own comes with its response.
            Ttl = TimeSpan.Zero,
            VaryByHeader = rules.HeaderNames,
            VaryByCredential = rules.Credential,
            MaxEntrySize = _maxEntrySize,
            RemovedHeaders = PolicyCompiler.RemovedHeaders,
            RemovedHeaderPrefixes = PolicyCompiler.RemovedHeaderPrefixes,
        };
    }
}

/// <summary>What of a request is keyed and sent, beside its path.</summary>
/// <param name="Method">Its method.</param>
/// <param name="Host">Scheme and host.</param>
/// <param name="Query">The parameters, one a line; <see langword="null"/> for all.</param>
/// <param name="Headers">The header fields, one a line.</param>
/// <param name="Credential">The fields that say who asks.</param>
internal sealed record VaryingBy(string Method, bool Host, string? Query, string Headers, bool Credential)
{
    public string[]? QueryKeys => Query?.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public ImmutableArray<string> HeaderNames => [.. Headers.Split('\n', StringSplitOptions.RemoveEmptyEntries)];

    /// <summary>Names as one text, each once, whatever their order and case.</summary>
    public static string Lines(IEnumerable<string?> names) =>
        string.Join('\n', names.Where(static name => !string.IsNullOrEmpty(name)).Select(static name => name!.ToLowerInvariant()).Distinct().Order(StringComparer.Ordinal));
}
