using CacheProxy.Engine;
using CacheProxy.Engine.Redis;

namespace CacheProxy.Configuration;

/// <summary>Reads <see cref="ProxySettings"/> by hand: all errors at once, misspelled names too.</summary>
public static class ProxySettingsReader
{
    private const long MiB = 1 << 20;
    private static readonly TimeSpan s_none = TimeSpan.Zero;
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_hour = TimeSpan.FromHours(1);

    /// <summary>The sections that are ours alone, with all their names.</summary>
    private static readonly Dictionary<string, string[]> s_sections = new()
    {
        ["Admin"] = ["Url"],
        ["Routes"] = ["Path"],
        ["Redis"] = ["InstanceName", "Timeout", "Tls"],
        ["Redis:Tls"] = ["Ca", "Certificate", "Key"],
        ["Memory"] = ["Limit"],
        ["Consistency"] = ["Lease", "OnLostLease", "ServeFor", "Standbys", "LogLimit", "LogBytes"],
        ["Origin"] = ["ConnectTimeout", "MaxConcurrentFills", "Tls"],
        ["Origin:Tls"] = ["Ca", "Certificate", "Key"],
        ["Management"] = ["Listeners", "RequireScopes", "Prefix", "StatsPath", "ClearPath"],
        ["Headers"] = ["CacheStatus"],
        ["Webhooks"] = ["Secrets"],
        ["ForwardedHeaders"] = ["KnownNetworks"],
        ["Shutdown"] = ["Delay", "Timeout"],
        ["Limits"] = ["MaxKeyBodySize", "FillMemory", "UnattendedFill", "HitForMiss", "Variants", "Tags", "WebhookBody"],
    };

    /// <summary>Reads them; the result is of use only if nothing was added to the errors.</summary>
    /// <param name="configuration">The effective values.</param>
    /// <param name="errors">Takes all that is wrong.</param>
    public static ProxySettings Read(IConfiguration configuration, ConfigurationErrors errors)
    {
        var read = new SettingsReader(configuration, errors);
        foreach (var (section, known) in s_sections)
            foreach (var child in configuration.GetSection(section).GetChildren())
                if (!known.Contains(child.Key, StringComparer.OrdinalIgnoreCase)) errors.Add(SettingsReader.Path($"{section}:{child.Key}"), null, Suggestions.Unknown(child.Key, known));
        var redis = Redis(read, errors);
        return new ProxySettings
        {
            RedisConnection = redis is null ? null : new Secret(redis),
            Redis = new(
                read.Text("Redis:InstanceName") ?? "cacheproxy:",
                read.Duration("Redis:Timeout", TimeSpan.FromMilliseconds(100), s_tick, TimeSpan.FromSeconds(10)),
                PemFiles.Read(read, "Redis:Tls")),
            MemoryLimit = read.Size("Memory:Limit", Math.Min(256 * MiB, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4), MiB, 1L << 40),
            Consistency = Consistency(read),
            Origin = new(
                read.Duration("Origin:ConnectTimeout", TimeSpan.FromSeconds(2), s_tick, s_hour), read.Number("Origin:MaxConcurrentFills", 64, 1, 65_536),
                PemFiles.Read(read, "Origin:Tls")),
            CacheStatus = read.Switch("Headers:CacheStatus", true),
            Credentials = CredentialSettings.Read(configuration, errors),
            Limits = Limits(read),
        };
    }

    private static string? Redis(SettingsReader read, ConfigurationErrors errors)
    {
        var name = read.Text("ConnectionStrings:Redis") is null ? "REDIS_URL" : "ConnectionStrings:Redis";
        if (read.Text(name) is not { } text) return null;
        try
        {
            _ = RedisConnectionString.Parse(text);
        }
        catch (FormatException problem)
        {
            // Without the value: it may hold a password.
            errors.Add(SettingsReader.Path(name), null, problem.Message);
        }
        return text;
    }

    private static ConsistencySettings Consistency(SettingsReader read) => new(
        read.Duration("Consistency:Lease", TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(60)),
        read.Choice("Consistency:OnLostLease", OnLostLease.Origin),
        read.Duration("Consistency:ServeFor", TimeSpan.FromSeconds(30), s_none, s_hour),
        read.Text("Consistency:Standbys") is null ? null : read.Number("Consistency:Standbys", 0, 0, 16),
        read.Number("Consistency:LogLimit", 100_000, 1_000, 10_000_000),
        read.Size("Consistency:LogBytes", 16 * MiB, MiB, 1L << 32));

    private static LimitSettings Limits(SettingsReader read) => new(
        read.Size("Limits:MaxKeyBodySize", MiB, 1, 64 * MiB),
        read.Size("Limits:FillMemory", 64 * MiB, MiB, 1L << 40),
        read.Duration("Limits:UnattendedFill", TimeSpan.FromSeconds(30), s_none, s_hour),
        read.Duration("Limits:HitForMiss", TimeSpan.FromSeconds(10), s_none, s_hour),
        read.Number("Limits:Variants", 64, 1, 10_000),
        read.Number("Limits:Tags", 128, 1, 10_000));
}
