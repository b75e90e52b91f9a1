namespace CacheProxy.Management;

/// <summary>Where the endpoints of ours are, and who may use them (<c>Management</c>).</summary>
public sealed record ManagementOptions
{
    /// <summary><c>Management:Listeners</c>: <c>Both</c> (default), or <c>Admin</c>, which leaves only the events endpoint on the clients' listener.</summary>
    public bool OnClientsListener { get; init; } = true;

    /// <summary><c>Management:RequireScopes</c>: reads need <c>cache:read</c>, the rest <c>cache:purge</c>. When false, any valid token may do both.</summary>
    public bool RequireScopes { get; init; } = true;

    /// <summary><c>Management:Prefix</c>: the path under which all of ours is; nothing below it reaches the backend.</summary>
    public string Prefix { get; init; } = "/_cache";

    /// <summary><c>Management:StatsPath</c>: the guide's statistics.</summary>
    public string StatsPath { get; init; } = "/api/v1/models/cache/stats";

    /// <summary><c>Management:ClearPath</c>: the guide's clearing.</summary>
    public string ClearPath { get; init; } = "/api/v1/models/cache/clear";

    /// <summary>Reads the section; what is wrong is added to <paramref name="errors"/>, and the default stands in.</summary>
    public static ManagementOptions Read(IConfiguration configuration, ICollection<string> errors)
    {
        var section = configuration.GetSection("Management");
        var defaults = new ManagementOptions();
        return new()
        {
            OnClientsListener = ReadListeners(section["Listeners"], errors),
            RequireScopes = ReadBoolean(section, "RequireScopes", defaults.RequireScopes, errors),
            Prefix = ReadPath(section, "Prefix", defaults.Prefix, errors),
            StatsPath = ReadPath(section, "StatsPath", defaults.StatsPath, errors),
            ClearPath = ReadPath(section, "ClearPath", defaults.ClearPath, errors),
        };
    }

    private static bool ReadListeners(string? text, ICollection<string> errors)
    {
        if (string.IsNullOrEmpty(text) || text.Equals("Both", StringComparison.OrdinalIgnoreCase)) return true;
        if (text.Equals("Admin", StringComparison.OrdinalIgnoreCase)) return false;
        errors.Add($"Management:Listeners = '{text}' is neither Both nor Admin. Write one of them, or leave it out for Both.");
        return true;
    }

    private static bool ReadBoolean(IConfigurationSection section, string key, bool otherwise, ICollection<string> errors)
    {
        var text = section[key];
        if (string.IsNullOrEmpty(text)) return otherwise;
        if (bool.TryParse(text, out var value)) return value;
        errors.Add($"{section.Path}:{key} = '{text}' is neither true nor false. Write one of them.");
        return otherwise;
    }

    private static string ReadPath(IConfigurationSection section, string key, string otherwise, ICollection<string> errors)
    {
        var text = section[key];
        if (string.IsNullOrEmpty(text)) return otherwise;
        // The root would take every request away from the backend; anything encoded would never equal a decoded path.
        if (text.Length > 1 && text[0] == '/' && text[^1] != '/' && !text.AsSpan().ContainsAny("%?# \\")) return text;
        errors.Add($"{section.Path}:{key} = '{text}' is not a path. Write it like '{otherwise}': with a leading slash, without a trailing one, without '%', '?', '#', '\\' and spaces.");
        return otherwise;
    }
}
