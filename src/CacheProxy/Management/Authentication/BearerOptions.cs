using System.Collections.Immutable;
using Microsoft.IdentityModel.Tokens;

namespace CacheProxy.Management.Authentication;

/// <summary>
/// Whose tokens operators may use (<c>Authentication:Schemes:Bearer</c>, the names of ASP.NET Core): an <c>Authority</c>, or keys of our own
/// with their issuer. They have nothing to do with the clients' tokens.
/// </summary>
public sealed record BearerOptions
{
    private const string Path = "Authentication:Schemes:Bearer";

    /// <summary>Shorter keys than HS256's own output can be guessed offline from one token (RFC 7518 §3.2).</summary>
    private const int ShortestKey = 32;

    /// <summary>The OpenID Connect provider whose keys sign; null with keys of our own.</summary>
    public Uri? Authority { get; init; }

    /// <summary><c>RequireHttpsMetadata</c>: whether the authority must be asked over TLS.</summary>
    public bool RequireHttpsMetadata { get; init; } = true;

    /// <summary>The issuer that a token must name; with an authority, null means the one that it publishes.</summary>
    public string? ValidIssuer { get; init; }

    /// <summary>The audiences of which a token must name one.</summary>
    public ImmutableArray<string> ValidAudiences { get; init; } = [];

    /// <summary>Keys for HS256; several of one issuer while they are rotated.</summary>
    public ImmutableArray<SymmetricSecurityKey> SigningKeys { get; init; } = [];

    /// <summary>Whether any token can be accepted.</summary>
    public bool IsConfigured => Authority is not null || !SigningKeys.IsEmpty;

    /// <summary>Keeps the keys out of logs.</summary>
    public override string ToString() => Authority is not null
        ? $"tokens of {Authority}"
        : IsConfigured ? $"HS256 tokens of issuer {ValidIssuer} ({SigningKeys.Length} key(s))" : "no operators' tokens are configured, so all is refused";

    /// <summary>Reads the section; what is wrong is added to <paramref name="errors"/>, without any key.</summary>
    public static BearerOptions Read(IConfiguration configuration, ICollection<string> errors)
    {
        var section = configuration.GetSection(Path);
        var authority = ReadAuthority(section, errors);
        var issuer = NullIfEmpty(section["ValidIssuer"]);
        var options = new BearerOptions
        {
            Authority = authority,
            RequireHttpsMetadata = !string.Equals(section["RequireHttpsMetadata"], "false", StringComparison.OrdinalIgnoreCase),
            ValidIssuer = issuer,
            ValidAudiences = ReadAudiences(section),
            // An authority's keys are public: with a symmetric key beside them, a token could be signed with what everybody knows (RFC 8725 §2.1).
            SigningKeys = authority is null ? ReadKeys(section, issuer, errors) : [],
        };
        Validate(options, errors);
        return options;
    }

    private static void Validate(BearerOptions options, ICollection<string> errors)
    {
        if (!options.IsConfigured) return;
        if (options.ValidAudiences.IsEmpty)
            errors.Add($"{Path}:ValidAudiences is empty, so every operator's token would be refused. Write the audience that they name, for instance http://localhost:7081.");
        if (options.Authority is null && options.ValidIssuer is null)
            errors.Add($"{Path}:ValidIssuer is missing, so every operator's token would be refused. Write the issuer that they name, for instance dotnet-user-jwts.");
        if (options.Authority is { Scheme: "http" } && options.RequireHttpsMetadata)
            errors.Add($"{Path}:Authority = '{options.Authority}' is not https. Use https, or set RequireHttpsMetadata to false on a network that you trust.");
    }

    private static Uri? ReadAuthority(IConfigurationSection section, ICollection<string> errors)
    {
        var text = NullIfEmpty(section["Authority"]);
        if (text is null) return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out var authority) && authority.Scheme is "http" or "https") return authority;
        errors.Add($"{Path}:Authority = '{text}' is not an http or https address. Write the provider's base address, for instance https://login.example.com/realms/ops.");
        return null;
    }

    private static ImmutableArray<string> ReadAudiences(IConfigurationSection section)
    {
        var audiences = ImmutableArray.CreateBuilder<string>();
        if (NullIfEmpty(section["ValidAudience"]) is { } single) audiences.Add(single);
        foreach (var child in section.GetSection("ValidAudiences").GetChildren())
            if (NullIfEmpty(child.Value) is { } audience) audiences.Add(audience);
        return audiences.ToImmutable();
    }

    private static ImmutableArray<SymmetricSecurityKey> ReadKeys(IConfigurationSection section, string? issuer, ICollection<string> errors)
    {
        var keys = ImmutableArray.CreateBuilder<SymmetricSecurityKey>();
        foreach (var child in section.GetSection("SigningKeys").GetChildren())
        {
            // An empty value in the environment is how a key is taken back.
            if (NullIfEmpty(child["Value"]) is not { } value) continue;
            var keyIssuer = NullIfEmpty(child["Issuer"]);
            if (keyIssuer is not null && keyIssuer != issuer)
            {
                errors.Add($"{child.Path}:Issuer = '{keyIssuer}' is not {Path}:ValidIssuer ('{issuer}'), so its tokens would be refused. Make them equal, or remove the key.");
                continue;
            }

            var buffer = new byte[value.Length];
            if (!Convert.TryFromBase64String(value, buffer, out var length) || length < ShortestKey)
                errors.Add($"{child.Path}:Value is not the base64 of at least {ShortestKey} bytes. Make a key with: openssl rand -base64 32.");
            else
                keys.Add(new(buffer[..length]) { KeyId = NullIfEmpty(child["Id"]) });
        }

        return keys.ToImmutable();
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
