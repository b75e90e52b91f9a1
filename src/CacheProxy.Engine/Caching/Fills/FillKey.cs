using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using CacheProxy.Engine.Storage;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>What a fill is joined by: the identity, the range, and what its request says in the fields that are known to select.</summary>
internal static class FillKey
{
    public static Hash256 Of(FillRequest request, ImmutableArray<string> names, CacheHeaders headers)
    {
        ImmutableArray<SelectingField> fields = names.IsEmpty ? [] : new RequestSelection(request.Headers, request.Plan.Policy, headers).Of(names);
        // Who says nothing in the fields that select asks for the same as who does not know yet that there are any.
        if (request.Range is null && fields.All(static field => field.Value is null)) return request.Plan.Identity;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(VariantName.Of(request.Plan.Identity.ToString(), fields)));
        if (request.Range is { } range) hash.AppendData(Encoding.UTF8.GetBytes($"\nrange {range}\nif {request.Headers.IfRange}"));
        return new Hash256(hash.GetHashAndReset());
    }

    /// <summary>The names of the fields that selected a stored response.</summary>
    public static ImmutableArray<string> NamesOf(StoredResponse response) => [.. response.Selecting.Select(static field => field.Name)];
}
