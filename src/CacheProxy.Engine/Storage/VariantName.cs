using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace CacheProxy.Engine.Storage;

/// <summary>Names of variants in the shared tier: <c>&lt;name&gt;#&lt;16 hex&gt;</c>, or the rest's own 16 digits replaced by those of both.</summary>
internal static class VariantName
{
    private const int Digits = 16;

    /// <summary>The name under which a response stands: its key's own, unless some field of the request has selected it.</summary>
    public static string OfStored(StoredResponse response) =>
        response.Selecting.All(static selecting => selecting.Value is null) ? response.Name : Of(response.Name, response.Selecting);

    public static string Of(string name, ImmutableArray<SelectingField> selecting)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(name));
        foreach (var (field, value) in selecting)
        {
            // Lengths first: no value can look like two.
            hash.AppendData(BitConverter.GetBytes(field.Length));
            hash.AppendData(Encoding.UTF8.GetBytes(field));
            hash.AppendData(BitConverter.GetBytes(value?.Length ?? -1));
            hash.AppendData(Encoding.UTF8.GetBytes(value ?? ""));
        }
        var digits = Convert.ToHexStringLower(hash.GetHashAndReset(), 0, Digits / 2);
        var rest = name.LastIndexOf('#');
        return rest < 0 ? $"{name}#{digits}" : $"{name.AsSpan(0, rest)}#{digits}";
    }
}
