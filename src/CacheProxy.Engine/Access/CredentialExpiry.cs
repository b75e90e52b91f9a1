using System.Buffers.Text;
using System.Text.Json;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Engine.Access;

/// <summary>When a bearer token says that it ends. Read, not trusted: it can only shorten what is remembered.</summary>
internal static class CredentialExpiry
{
    private const string Scheme = "Bearer ";
    private const int MaxToken = 16 * 1_024;

    public static DateTimeOffset? Of(StringValues authorization)
    {
        if (authorization is not [{ Length: < MaxToken } value] || !value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return null;
        var parts = value[Scheme.Length..].Split('.');
        if (parts.Length != 3) return null;
        try
        {
            using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
            return claims.RootElement.ValueKind == JsonValueKind.Object && claims.RootElement.TryGetProperty("exp", out var exp)
                && exp.ValueKind == JsonValueKind.Number && exp.TryGetInt64(out var seconds)
                ? DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(seconds, 0, 253_402_300_799))
                : null;
        }
        catch (Exception exception) when (exception is FormatException or JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
