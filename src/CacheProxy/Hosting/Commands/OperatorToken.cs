using System.Security.Claims;
using CacheProxy.Management.Authentication;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace CacheProxy.Hosting.Commands;

/// <summary>Signs operators' tokens with the key of the settings.</summary>
internal static class OperatorToken
{
    /// <param name="configuration">With <c>Authentication:Schemes:Bearer</c>.</param>
    /// <param name="scope">What it permits, separated by spaces.</param>
    /// <param name="lifetime">From now on.</param>
    /// <param name="subject">Whose it is.</param>
    /// <param name="time">The clock.</param>
    /// <param name="errors">Gets what is wrong.</param>
    /// <returns><see langword="null"/> when it cannot be signed here.</returns>
    public static string? Sign(IConfiguration configuration, string scope, TimeSpan lifetime, string subject, TimeProvider time, List<string> errors)
    {
        var options = BearerOptions.Read(configuration, errors);
        if (options.SigningKeys.IsEmpty && errors.Count == 0)
        {
            errors.Add(options.Authority is null
                ? "No key is configured. Set Authentication:Schemes:Bearer:SigningKeys:0:Value (openssl rand -base64 32), ValidIssuer and ValidAudiences:0."
                : $"Tokens are made by {options.Authority}, not here.");
        }
        if (errors.Count != 0) return null;
        var now = time.GetUtcNow().UtcDateTime;
        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = options.ValidIssuer,
            Audience = options.ValidAudiences[0],
            IssuedAt = now,
            NotBefore = now,
            Expires = now + lifetime,
            Subject = new ClaimsIdentity([new Claim("sub", subject), new Claim("scope", scope)]),
            SigningCredentials = new(options.SigningKeys[0], SecurityAlgorithms.HmacSha256),
        });
    }
}
