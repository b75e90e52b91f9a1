using System.Collections.Frozen;
using System.Text;
using Microsoft.AspNetCore.Cors.Infrastructure;

namespace CacheProxy.Configuration;

/// <summary>
/// Reads <c>Cors:Policies</c> into ASP.NET's policies. What would silently never match (a path or a slash after an origin, a default port) is
/// an error here, since a browser shows it only as a refusal.
/// </summary>
internal static class CorsPolicyReader
{
    private const string Any = "*";

    // Longer than this no browser keeps it.
    private static readonly TimeSpan s_longestPreflight = TimeSpan.FromDays(1);

    public static FrozenDictionary<string, StampedPolicy<CorsPolicy>> Read(IConfiguration configuration, ConfigurationErrors errors) =>
        configuration.GetSection("Cors:Policies").GetChildren()
            .ToFrozenDictionary(section => section.Key, section => Policy(section, new SettingsReader(configuration, errors)), StringComparer.OrdinalIgnoreCase);

    private static StampedPolicy<CorsPolicy> Policy(IConfigurationSection section, SettingsReader read)
    {
        RouteRules.CheckName(section, read);
        var origins = Origins(section.Path, read);
        var credentials = read.Flag($"{section.Path}:SupportsCredentials", false);
        if (credentials && origins.Contains(Any))
            read.Report($"{section.Path}:SupportsCredentials", "true", "cannot stand beside the origin *: any site could read what belongs to the user. Name the origins");
        var policy = new CorsPolicyBuilder().WithOrigins(origins)
            .WithHeaders(Names(section.Path, "Headers", read)).WithMethods(Names(section.Path, "Methods", read)).WithExposedHeaders(Names(section.Path, "ExposedHeaders", read));
        if (origins.Any(IsWildcard)) policy.SetIsOriginAllowedToAllowWildcardSubdomains();
        if (read.Text($"{section.Path}:PreflightMaxAge") is not null)
            policy.SetPreflightMaxAge(read.Duration($"{section.Path}:PreflightMaxAge", TimeSpan.Zero, TimeSpan.Zero, s_longestPreflight));
        // The builder throws at what was reported above.
        if (credentials && !origins.Contains(Any)) policy.AllowCredentials();
        return new(policy.Build(), SectionHash.Of(section));
    }

    private static string[] Origins(string path, SettingsReader read)
    {
        var origins = read.Texts($"{path}:Origins");
        if (origins.Length == 0) read.Report($"{path}:Origins", null, "is missing: name the origins of the pages, such as https://app.example.com, or * for all");
        for (var i = 0; i < origins.Length; i++)
            if (!IsUsable(origins[i]))
                read.Report($"{path}:Origins[{i}]", origins[i], "is no origin as browsers write it: scheme, host and a port that is not the scheme's own, such as https://app.example.com or https://*.example.com");
        if (origins.Length > 1 && origins.Contains(Any)) read.Report($"{path}:Origins", null, "has * beside others: write it alone, or leave it out");
        return [.. origins.Where(IsUsable)];
    }

    private static string[] Names(string path, string name, SettingsReader read)
    {
        var names = read.Texts($"{path}:{name}");
        for (var i = 0; i < names.Length; i++)
            if (!names[i].All(static c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal)))
                read.Report($"{path}:{name}[{i}]", names[i], "is no name of a header or method: write letters, digits and dashes, or *");
        return names;
    }

    private static bool IsWildcard(string origin) => origin.Contains("://*.", StringComparison.Ordinal);

    private static bool IsUsable(string origin) => origin == Any || IsOrigin(origin.Replace("://*.", "://any.", StringComparison.Ordinal));

    // Browsers write hosts of other scripts in ASCII (xn--…).
    private static bool IsOrigin(string text) =>
        Ascii.IsValid(text) && Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Host.Length > 0
        && text.Equals(uri.GetLeftPart(UriPartial.Authority), StringComparison.OrdinalIgnoreCase);
}
