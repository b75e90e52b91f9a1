using System.Collections.Immutable;

namespace CacheProxy.Management.Authentication;

/// <summary>What became of a request's token.</summary>
/// <param name="Subject">Whose it is; null when there is no valid one.</param>
/// <param name="Scopes">What it allows; null when scopes are not asked for.</param>
/// <param name="TokenGiven">Whether there was a token at all.</param>
/// <param name="ProviderDown">Whether nobody can tell, since the authority's keys could not be had.</param>
internal sealed record AuthenticationOutcome(string? Subject, ImmutableArray<string>? Scopes = null, bool TokenGiven = true, bool ProviderDown = false)
{
    /// <summary>Whether the request may go on; if not, the answer (RFC 6750 §3) has been written.</summary>
    public async Task<bool> RequireAsync(HttpContext context, Permission permission)
    {
        if (Subject is null)
        {
            await RefuseAsync(context);
            return false;
        }

        var scope = permission == Permission.Read ? "cache:read" : "cache:purge";
        if (Scopes is null || Scopes.Value.Contains(scope)) return true;
        context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"CacheProxy\", error=\"insufficient_scope\", scope=\"{scope}\"";
        await new Problem(StatusCodes.Status403Forbidden, "insufficient-scope", "Insufficient scope", $"The token has no scope {scope}. Ask for one that has.").WriteAsync(context);
        return false;
    }

    private Task RefuseAsync(HttpContext context)
    {
        if (ProviderDown)
        {
            return new Problem(StatusCodes.Status503ServiceUnavailable, "authority-unreachable", "Authority unreachable",
                "The keys of Authentication:Schemes:Bearer:Authority could not be had, so no token can be checked. Try again.").WriteAsync(context, TimeSpan.FromSeconds(5));
        }

        context.Response.Headers.WWWAuthenticate = TokenGiven ? "Bearer realm=\"CacheProxy\", error=\"invalid_token\"" : "Bearer realm=\"CacheProxy\"";
        return new Problem(StatusCodes.Status401Unauthorized, "unauthorized", "Unauthorized",
            "This endpoint needs an operator's token: Authorization: Bearer <token>, valid, of the configured issuer and audience, and not expired.").WriteAsync(context);
    }
}
