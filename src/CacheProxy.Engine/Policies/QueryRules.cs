using System.Collections.Frozen;
using System.Collections.Immutable;

namespace CacheProxy.Engine.Policies;

/// <summary>What a policy makes of the query: which parameters its templates take, what stays as remainder, what is sent.</summary>
internal sealed class QueryRules
{
    private readonly FrozenSet<string> _knownInAnyCase = [];

    /// <summary>The parameters that the key names: in their plain spelling they leave the remainder.</summary>
    public FrozenSet<string> Keyed { get; init; } = [];

    /// <summary>Those that any template or condition names: not unknown.</summary>
    public FrozenSet<string> Known
    {
        get;
        init
        {
            field = value;
            _knownInAnyCase = value.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
        }
    } = [];

    public FrozenSet<string> Ignored { get; init; } = [];

    public ImmutableArray<BypassCondition> Conditions { get; init; } = [];

    public UnknownQuery Unknown { get; init; }

    /// <summary>Without a template the exact query counts, its order too (RFC 9111 §2).</summary>
    public bool KeepsOrder { get; init; }

    public BypassReason Apply(string? query, out QueryReading reading)
    {
        reading = QueryReading.None;
        if (query is null) return BypassReason.None;
        if (query.Length == 0)
        {
            // A bare question mark is part of the exact target, and of nothing else.
            if (KeepsOrder) reading = QueryReading.None with { Sent = "" };
            return BypassReason.None;
        }
        var tokens = QueryToken.Split(query);
        var kept = new List<QueryToken>(tokens.Count);
        foreach (var token in tokens)
        {
            if (Ignored.Contains(token.Name)) continue;
            if (!Known.Contains(token.Name))
            {
                if (Unknown == UnknownQuery.Drop) continue;
                if (Unknown == UnknownQuery.Bypass) return BypassReason.UnknownQuery;
                if (Unknown == UnknownQuery.Reject) return BypassReason.Rejected;
            }
            kept.Add(token);
        }
        foreach (var condition in Conditions)
        {
            if (condition.Name.Source != TemplateSource.Query) continue;
            if (Judge(condition, kept)) return BypassReason.Requested;
        }
        reading = Read(query, kept, tokens.Count == kept.Count);
        return BypassReason.None;
    }

    /// <summary>True for a bypass. A parameter that is there several times stays whole unless each of its values may be taken out.</summary>
    private static bool Judge(BypassCondition condition, List<QueryToken> kept)
    {
        var staying = false;
        foreach (var token in kept)
        {
            if (token.Name != condition.Name.Name) continue;
            var verdict = token.Value is null ? ConditionVerdict.Stays : condition.Judge(token.Value);
            if (verdict == ConditionVerdict.Bypasses) return true;
            staying |= verdict == ConditionVerdict.Stays;
        }
        if (!staying) kept.RemoveAll(token => token.Name == condition.Name.Name);
        return false;
    }

    private QueryReading Read(string query, List<QueryToken> kept, bool complete)
    {
        var sent = complete && KeepsOrder ? query : Join(kept);
        if (kept.Count == 0) return QueryReading.None with { Sent = sent.Length > 0 ? sent : null, Remainder = sent };
        var unclear = Unclear(kept, out var semicolon);
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var token in kept)
            if (token.Value is not null && Known.Contains(token.Name) && !unclear.Contains(token.Name)) values.Add(token.Name, token.Value);
        var sorted = QueryToken.Sort(kept);
        string remainder;
        if (KeepsOrder || semicolon || unclear.Overlaps(Keyed)) remainder = sent;
        else remainder = Join(sorted.Where(token => !(token.IsPlain && Keyed.Contains(token.Name) && values.ContainsKey(token.Name))));
        return new(sent, remainder, Join(sorted), values);
    }

    /// <summary>Named parameters that two origins could read differently: there twice, in another case, by an escaped name, beside a semicolon.</summary>
    private HashSet<string> Unclear(List<QueryToken> kept, out bool semicolon)
    {
        semicolon = kept.Exists(token => token.Raw.Contains(';', StringComparison.Ordinal));
        var unclear = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var token in kept)
        {
            if (!_knownInAnyCase.Contains(token.Name)) continue;
            if (!seen.Add(token.Name) || semicolon || !token.HasPlainName || !Known.Contains(token.Name)) unclear.Add(token.Name);
        }
        return unclear;
    }

    private static string Join(IEnumerable<QueryToken> tokens) => string.Join('&', tokens.Select(token => token.Raw));
}

/// <summary>A query under the rules.</summary>
/// <param name="Sent">What a fill sends, in the client's order; <see langword="null"/> for none.</param>
/// <param name="Remainder">What the template did not take, as it stands in the name; empty for none.</param>
/// <param name="Sorted">All that was keyed, sorted: what the <c>uri:</c> tag says.</param>
/// <param name="Values">The decoded values of named parameters that are there once, in clear.</param>
internal sealed record QueryReading(string? Sent, string Remainder, string Sorted, IReadOnlyDictionary<string, string> Values)
{
    public static QueryReading None { get; } = new(null, "", "", FrozenDictionary<string, string>.Empty);
}
