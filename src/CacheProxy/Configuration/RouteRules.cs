namespace CacheProxy.Configuration;

/// <summary>What a route may name beside its cache policy: the same for the kinds of policies that YARP hands to ASP.NET.</summary>
internal static class RouteRules
{
    private const string Default = "Default", Disable = "Disable";

    /// <summary>YARP understands these two words itself.</summary>
    public static void CheckName(IConfigurationSection policy, SettingsReader read)
    {
        if (IsReserved(policy.Key)) read.Report(policy.Path, null, "has a name that YARP keeps for itself: choose another");
    }

    /// <summary>Whether what a route names exists.</summary>
    /// <param name="route">The route.</param>
    /// <param name="setting">The setting of the route.</param>
    /// <param name="section">The section that has the policies.</param>
    /// <param name="known">Their names.</param>
    /// <param name="errors">Takes what is wrong.</param>
    public static void CheckReference(IConfigurationSection route, string setting, string section, IReadOnlyCollection<string> known, ConfigurationErrors errors)
    {
        if (route[setting] is not { } name || Is(name, Disable) || known.Contains(name, StringComparer.OrdinalIgnoreCase)) return;
        errors.Add($"ReverseProxy.Routes.{route.Key}.{setting}", name, Is(name, Default)
            ? $"stands for a default that there is none of: name one of {section}, or leave it out"
            : known.Count == 0 ? $"is unknown: there are no {section}" : Suggestions.Unknown(name, known));
    }

    private static bool IsReserved(string name) => Is(name, Default) || Is(name, Disable);

    private static bool Is(string name, string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);
}

/// <summary>The names of all policies that a route may name.</summary>
internal sealed record PolicyNames(IReadOnlyCollection<string> Cache, IReadOnlyCollection<string> Cors, IReadOnlyCollection<string> RateLimiter);
