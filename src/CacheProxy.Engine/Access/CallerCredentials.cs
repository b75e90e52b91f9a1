using CacheProxy.Engine.Policies;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace CacheProxy.Engine.Access;

/// <summary>Who asks, as far as request fields say it (<c>CredentialHeaders</c>).</summary>
internal sealed class CallerCredentials(CredentialOptions options)
{
    /// <summary>What requests of ours call themselves.</summary>
    public static string UserAgent { get; } = $"CacheProxy/{typeof(CallerCredentials).Assembly.GetName().Version?.ToString(3)}";

    /// <summary>Whether the request carries what RFC 9111 §3.5 means by <c>Authorization</c>: every credential field but <c>Cookie</c>.</summary>
    public bool HasAuthorization(IHeaderDictionary headers)
    {
        foreach (var name in options.Headers)
            if (!string.Equals(name, HeaderNames.Cookie, StringComparison.OrdinalIgnoreCase) && headers.ContainsKey(name)) return true;
        return false;
    }

    /// <summary>The credential fields of a request, for a question to the backend about its caller.</summary>
    public HeaderDictionary Of(IHeaderDictionary headers)
    {
        var credentials = new HeaderDictionary { [HeaderNames.UserAgent] = UserAgent };
        foreach (var name in options.Headers)
            if (headers.TryGetValue(name, out var values)) credentials[name] = values;
        return credentials;
    }
}
