using System.Security.Claims;
using CacheProxy.Engine.Policies;
using CacheProxy.Management.Authentication;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace CacheProxy.Hosting.Commands;

/// <summary><c>CacheProxy token --scope "cache:read cache:purge" --for 1h [--subject name]</c>: signs an operator's token with the key of the settings.</summary>
public static class TokenCommand
{
    private const string Usage = "Usage: CacheProxy token --scope \"cache:read cache:purge\" --for 1h [--subject name]";

    private static readonly TimeSpan s_longest = TimeSpan.FromDays(365);

    /// <summary>Writes the token.</summary>
    /// <param name="arguments">What follows <c>token</c>.</param>
    /// <param name="configuration">With <c>Authentication:Schemes:Bearer</c>.</param>
    /// <param name="output">Gets the token alone, so that a script can take it.</param>
    /// <param name="error">Gets what is wrong.</param>
    /// <param name="time">The clock.</param>
    /// <returns>The exit code: 0, or 1 when it could not be made.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, IConfiguration configuration, TextWriter output, TextWriter error, TimeProvider time)
    {
        if (!TryRead(arguments, out var scope, out var lifetime, out var subject, out var wrong))
        {
            await error.WriteLineAsync($"{wrong} {Usage}");
            return 1;
        }

        List<string> errors = [];
        var options = BearerOptions.Read(configuration, errors);
        if (options.SigningKeys.IsEmpty && errors.Count == 0)
        {
            errors.Add(options.Authority is null
                ? "No key is configured. Set Authentication:Schemes:Bearer:SigningKeys:0:Value (openssl rand -base64 32), ValidIssuer and ValidAudiences:0."
                : $"Tokens are made by {options.Authority}, not here.");
        }

        foreach (var text in errors) await error.WriteLineAsync(text);
        if (errors.Count != 0) return 1;
        await output.WriteLineAsync(Sign(options, scope, lifetime, subject, time));
        return 0;
    }

    private static string Sign(BearerOptions options, string scope, TimeSpan lifetime, string subject, TimeProvider time)
    {
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

    private static bool TryRead(IReadOnlyList<string> arguments, out string scope, out TimeSpan lifetime, out string subject, out string? wrong)
    {
        (scope, lifetime, subject, wrong) = ("cache:read", TimeSpan.FromHours(1), Environment.UserName, null);
        for (var i = 0; i < arguments.Count; i += 2)
        {
            var value = i + 1 < arguments.Count ? arguments[i + 1] : "";
            switch (arguments[i])
            {
                case "--scope" when value.Split(' ').All(part => part is "cache:read" or "cache:purge"): scope = value; break;
                case "--for" when Durations.TryParse(value, out lifetime, out _) && lifetime > TimeSpan.Zero && lifetime <= s_longest: break;
                case "--subject" when value.Length > 0: subject = value; break;
                default: wrong = $"'{arguments[i]} {value}' is not understood: scopes are cache:read and cache:purge, a duration is like 30m, 1h or 7d, at most 365d."; break;
            }
        }

        return wrong is null;
    }
}
