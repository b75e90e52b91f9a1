using Microsoft.IdentityModel.Tokens;

namespace ModelsBackend.Hosting;

/// <summary>
/// Owners' tokens, from <c>Authentication:Schemes:Bearer</c>: <c>Authority</c>, or <c>ValidIssuer</c>, <c>ValidAudiences:0…</c> and
/// <c>SigningKeys:0:{Issuer,Value}</c> (base64). Without configuration no token is good.
/// </summary>
internal static class OwnerAuthentication
{
    // Not "Bearer": ASP.NET Core would read the section by itself, and fails every request when two keys have one issuer.
    private const string Scheme = "Owners";
    private static readonly TimeSpan s_skew = TimeSpan.FromSeconds(30);

    public static void AddOwnerAuthentication(this IServiceCollection services, IConfiguration configuration)
    {
        var section = configuration.GetSection("Authentication:Schemes:Bearer");
        var authority = section["Authority"];
        var issuer = section["ValidIssuer"];
        var audiences = section.GetSection("ValidAudiences").GetChildren().Select(c => c.Value!).Append(section["ValidAudience"]!).Where(a => !string.IsNullOrEmpty(a)).ToArray();
        var keys = section.GetSection("SigningKeys").GetChildren().Where(k => k["Issuer"] == issuer).Select(Key).ToArray();
        services.AddAuthorization();
        services.AddAuthentication(Scheme).AddJwtBearer(Scheme, options =>
        {
            options.Authority = authority;
            options.MapInboundClaims = false;
            options.TokenValidationParameters = new TokenValidationParameters
            {
                ValidIssuer = issuer,
                ValidAudiences = audiences,
                IssuerSigningKeys = keys,
                ValidAlgorithms = authority is null
                    ? [SecurityAlgorithms.HmacSha256]
                    : [SecurityAlgorithms.RsaSha256, SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.RsaSsaPssSha256],
                ClockSkew = s_skew,
                NameClaimType = "sub",
            };
        });
    }

    private static SymmetricSecurityKey Key(IConfigurationSection key)
    {
        try
        {
            return new SymmetricSecurityKey(Convert.FromBase64String(key["Value"] ?? ""));
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            throw new InvalidOperationException($"{key.Path}:Value is not the base64 of a key. Make one with: openssl rand -base64 32", e);
        }
    }
}
