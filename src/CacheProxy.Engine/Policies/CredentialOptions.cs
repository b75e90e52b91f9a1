using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Policies;

/// <summary>Which request headers say who asks.</summary>
public sealed record CredentialOptions
{
    /// <summary>The headers; default <c>Authorization</c>, <c>Cookie</c>, <c>X-Api-Key</c>.</summary>
    public ImmutableArray<string> Headers { get; init; } = ["Authorization", "Cookie", "X-Api-Key"];

    /// <summary>Whether the request carries any of them.</summary>
    public bool IsPresent(IHeaderDictionary headers)
    {
        foreach (var name in Headers)
            if (headers.ContainsKey(name)) return true;
        return false;
    }

    /// <summary>SHA-256 over names and values of those that are present, in the order of <see cref="Headers"/>; <see langword="null"/> for none.</summary>
    public Hash256? Hash(IHeaderDictionary headers)
    {
        if (!IsPresent(headers)) return null;
        using var fields = new KeyedFields();
        foreach (var name in Headers)
        {
            if (!headers.TryGetValue(name, out var values)) continue;
            fields.Add('h', name.ToUpperInvariant());
            foreach (var value in values) fields.Add('v', value ?? "");
        }
        return fields.Hash();
    }

    internal bool Contains(string name) => Headers.Contains(name, StringComparer.OrdinalIgnoreCase);
}
