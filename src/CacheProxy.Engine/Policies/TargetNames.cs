using System.Collections.Immutable;

namespace CacheProxy.Engine.Policies;

/// <summary>
/// The implicit tags by which a target is found again (RFC 9111 §4.4, <c>PURGE</c>): <c>uri:</c> and the target with its query
/// stable-sorted and its escapes normalised (RFC 3986 §6.2.2), with scheme and host only where the key has them.
/// </summary>
public static class TargetNames
{
    private const string Prefix = "uri:";

    /// <summary>
    /// The tags under which responses to the target may be stored: with a policy the one that its entries have, without one both forms.
    /// </summary>
    /// <param name="scheme">Of the request; an absolute-form target brings its own.</param>
    /// <param name="host">Host and port of the request.</param>
    /// <param name="rawTarget">The request target as it was sent.</param>
    /// <param name="policy">The policy of the target's route.</param>
    public static ImmutableArray<string> Of(string scheme, string host, string rawTarget, CachePolicy? policy)
    {
        var target = RequestTarget.Parse(rawTarget, out var ownScheme, out var ownHost);
        scheme = ownScheme ?? scheme;
        host = ownHost ?? host;
        if (policy is null)
        {
            var query = string.IsNullOrEmpty(target.Query) ? "" : string.Join('&', QueryToken.Sort(QueryToken.Split(target.Query)).Select(token => token.Raw));
            return [UriTag(null, null, target.Path, query), UriTag(scheme, host, target.Path, query)];
        }
        // What the rules would bypass is stored under no name of its own: then the plain form is as good as any.
        _ = policy.Rules.Query.Apply(target.Query, out var reading);
        return [policy.Rules.HasHostInTags ? UriTag(scheme, host, target.Path, reading.Sorted) : UriTag(null, null, target.Path, reading.Sorted)];
    }

    /// <summary>The primary key of a target without a template: scheme, host and path.</summary>
    public static string PrimaryKey(string scheme, string host, string path) =>
        KeyNames.ShortenKey($"{scheme.ToLowerInvariant()}://{Host(scheme, host)}{path}");

    internal static string UriTag(string? scheme, string? host, string path, string sortedQuery)
    {
        var origin = scheme is null || host is null ? "" : $"{scheme.ToLowerInvariant()}://{Host(scheme, host)}";
        var query = sortedQuery.Length == 0 ? "" : $"?{KeyEscaping.Normalize(sortedQuery)}";
        return KeyNames.ShortenKey($"{Prefix}{origin}{KeyEscaping.Normalize(path)}{query}");
    }

    /// <summary>RFC 9110 §4.2.3: in lower case, without the scheme's default port.</summary>
    internal static string Host(string scheme, string? host)
    {
        if (string.IsNullOrEmpty(host)) return "";
        var lower = host.ToLowerInvariant();
        var port = scheme.Equals("https", StringComparison.OrdinalIgnoreCase) ? ":443" : ":80";
        return lower.EndsWith(port, StringComparison.Ordinal) ? lower[..^port.Length] : lower.EndsWith(':') ? lower[..^1] : lower;
    }
}
