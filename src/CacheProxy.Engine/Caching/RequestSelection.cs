using System.Collections.Immutable;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace CacheProxy.Engine.Caching;

/// <summary>
/// Which of a key's stored responses answer a request (RFC 9111 §4.1), by the fields that a fill for it sends: a field that is not sent
/// cannot have selected anything.
/// </summary>
/// <param name="headers">The request's fields.</param>
/// <param name="policy">Says which of them are sent.</param>
/// <param name="outgoing">Knows what a policy sends.</param>
internal readonly struct RequestSelection(IHeaderDictionary headers, CachePolicy policy, CacheHeaders outgoing)
{
    /// <summary>The implicit selecting field of policies with an explicit TTL.</summary>
    public const string OriginField = "origin";

    // What most entries were selected by: one for all of them.
    private static readonly ImmutableArray<SelectingField> s_noOrigin = [new(OriginField, null)];

    /// <summary>Whether the response answers this request.</summary>
    public bool Matches(StoredResponse response)
    {
        foreach (var (name, value) in response.Selecting)
        {
            if (string.Equals(ValueOf(name), value, StringComparison.Ordinal)) continue;
            // What is in the one language that the request prefers need not have come by the same list of them.
            if (!outgoing.IsSent(policy, name) || !Vary.Matches([name], [value ?? ""], headers, response.Headers)) return false;
        }
        return true;
    }

    /// <summary>What this request says in the named fields.</summary>
    public ImmutableArray<SelectingField> Of(ImmutableArray<string> names)
    {
        var fields = ImmutableArray.CreateBuilder<SelectingField>(names.Length);
        foreach (var name in names) fields.Add(new(name, ValueOf(name)));
        return fields.MoveToImmutable();
    }

    /// <summary>What selects a response to this request: its <c>Vary</c>, and with an explicit TTL <c>Origin</c> by the rule of DESIGN 2.</summary>
    /// <returns><see langword="null"/> for <c>Vary: *</c>.</returns>
    public ImmutableArray<SelectingField>? Selecting(HeaderFields response)
    {
        if (!Vary.TryParse(response[HeaderNames.Vary], out var names)) return null;
        if (!policy.FollowsOrigin && !names.Contains(OriginField) && VariesByOrigin(response))
        {
            if (names.IsEmpty && headers.Origin.Count == 0) return s_noOrigin;
            names = names.Add(OriginField);
        }
        return Of(names);
    }

    private bool VariesByOrigin(HeaderFields response)
    {
        var allowed = response[HeaderNames.AccessControlAllowOrigin];
        if (allowed.Count == 1 && allowed[0] == "*") return false;
        return headers.Origin.Count == 0 || allowed.Count > 0;
    }

    /// <summary>What is looked for in the shared tier.</summary>
    public SharedQuery QueryOf(RequestPlan plan) => new(plan.Name, plan.Identity, plan.Policy.Fingerprint, ValueOf);

    /// <summary>What this request says in a field, in normal form; <see langword="null"/> when it says nothing.</summary>
    private string? ValueOf(string name)
    {
        if (!headers.TryGetValue(name, out var values) || !outgoing.IsSent(policy, name)) return null;
        return Vary.Normalize(name, values);
    }
}
