using System.Buffers;
using System.Buffers.Text;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace CacheProxy.Management.Authentication;

/// <summary>
/// What is read from a token before any library looks at it, and only in one way (RFC 8725): three parts, no name twice, a fixed
/// algorithm, no extension that changes the meaning. What this yields is worth nothing until the signature holds.
/// </summary>
internal sealed record TokenShape
{
    /// <summary>Longer tokens are refused unread, in characters.</summary>
    public const int MaxLength = 16 * 1024;

    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    private static readonly SearchValues<char> s_characters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

    private static readonly string[] s_types = ["JWT", "at+jwt", "application/at+jwt"];

    /// <summary>Parameters that make a library fetch a key, understand a critical extension or inflate: never needed for our tokens.</summary>
    private static readonly string[] s_refused = ["crit", "zip", "enc", "jku", "x5u", "jwk", "x5c"];

    /// <summary>When it expires.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>From when on it is valid.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Claim <c>sub</c>, for the log.</summary>
    public required string Subject { get; init; }

    /// <summary>Claim <c>scope</c>: a string with spaces, or an array.</summary>
    public required ImmutableArray<string> Scopes { get; init; }

    /// <summary>Reads it.</summary>
    /// <returns>Null, with the reason for the debug log, when it is not one that we accept.</returns>
    public static TokenShape? Read(string token, IReadOnlyCollection<string> algorithms, out string? refusal)
    {
        refusal = null;
        try
        {
            // Padding and white space are let pass by decoders, though RFC 7515 §2 has neither: one token, one spelling.
            var parts = token.Length > MaxLength || token.AsSpan().ContainsAnyExcept(s_characters) ? [] : token.Split('.');
            if (parts.Length != 3 || parts.Any(part => part.Length == 0)) return Refuse("not three non-empty parts of at most 16 KiB in all", out refusal);
            using var header = Decode(parts[0]);
            using var payload = Decode(parts[1]);
            if (header is null || payload is null) return Refuse("header or claims are not a JSON object, or a name occurs twice", out refusal);
            if (CheckHeader(header.RootElement, algorithms) is { } wrong) return Refuse(wrong, out refusal);
            return ReadClaims(payload.RootElement, out refusal);
        }
        catch (Exception exception) when (exception is FormatException or JsonException or InvalidOperationException or ArgumentException)
        {
            return Refuse("not base64url of JSON", out refusal);
        }
    }

    private static JsonDocument? Decode(string part)
    {
        var document = JsonDocument.Parse(Base64Url.DecodeFromChars(part), s_strict);
        if (document.RootElement.ValueKind == JsonValueKind.Object) return document;
        document.Dispose();
        return null;
    }

    private static string? CheckHeader(JsonElement header, IReadOnlyCollection<string> algorithms)
    {
        if (!header.TryGetProperty("alg", out var algorithm) || !algorithms.Contains(Text(algorithm) ?? "")) return "an algorithm that is not configured";
        if (header.TryGetProperty("typ", out var type) && !s_types.Contains(Text(type), StringComparer.OrdinalIgnoreCase)) return "not a JWT by its typ";
        return Array.Find(s_refused, name => header.TryGetProperty(name, out _)) is { } name ? $"the header parameter {name}" : null;
    }

    private static TokenShape? ReadClaims(JsonElement claims, out string? refusal)
    {
        if (!claims.TryGetProperty("exp", out var exp) || Time(exp) is not { } expires) return Refuse("no usable exp", out refusal);
        DateTimeOffset? notBefore = null;
        if (claims.TryGetProperty("nbf", out var nbf) && (notBefore = Time(nbf)) is null) return Refuse("an unusable nbf", out refusal);
        if (!claims.TryGetProperty("iss", out var issuer) || Text(issuer) is null) return Refuse("no iss", out refusal);
        if (!claims.TryGetProperty("aud", out _)) return Refuse("no aud", out refusal);
        refusal = null;
        var subject = claims.TryGetProperty("sub", out var sub) ? Text(sub) : null;
        return new()
        {
            Expires = expires,
            NotBefore = notBefore,
            Subject = subject is null ? "unnamed" : Printable(subject),
            Scopes = claims.TryGetProperty("scope", out var scope) ? ReadScopes(scope) : [],
        };
    }

    private static ImmutableArray<string> ReadScopes(JsonElement scope) => scope.ValueKind switch
    {
        JsonValueKind.String => [.. scope.GetString()!.Split(' ', StringSplitOptions.RemoveEmptyEntries)],
        JsonValueKind.Array => [.. scope.EnumerateArray().Select(Text).OfType<string>()],
        _ => [],
    };

    private static string? Text(JsonElement element) => element.ValueKind == JsonValueKind.String ? element.GetString() : null;

    private static DateTimeOffset? Time(JsonElement element) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out var seconds) && seconds is >= 0 and < 253_402_300_800
            ? DateTimeOffset.UnixEpoch.AddSeconds(seconds)
            : null;

    /// <summary>A subject ends up in log lines: no control characters, no novels.</summary>
    private static string Printable(string text)
    {
        var result = new StringBuilder();
        foreach (var c in text.Length > 100 ? text[..100] : text) result.Append(char.IsControl(c) ? '?' : c);
        return result.ToString();
    }

    private static TokenShape? Refuse(string reason, out string? refusal)
    {
        refusal = reason;
        return null;
    }
}
