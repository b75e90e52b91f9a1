using CacheProxy.Engine.Policies;

namespace CacheProxy.Hosting.Shutdown;

/// <summary>How the process ends (<c>Shutdown</c>).</summary>
public sealed record ShutdownOptions
{
    /// <summary><c>Shutdown:Delay</c>: how long requests go on after SIGTERM while readiness is red already, so that load balancers notice. 0 to 10 minutes; default 0.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.Zero;

    /// <summary><c>Shutdown:Timeout</c>: how long requests under way may take then. 0 to 10 minutes; default 30 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Reads the section; what is wrong is added to <paramref name="errors"/>.</summary>
    public static ShutdownOptions Read(IConfiguration configuration, ICollection<string> errors)
    {
        var section = configuration.GetSection("Shutdown");
        var defaults = new ShutdownOptions();
        return new()
        {
            Delay = Read(section, "Delay", defaults.Delay, errors),
            Timeout = Read(section, "Timeout", defaults.Timeout, errors),
        };
    }

    private static TimeSpan Read(IConfigurationSection section, string key, TimeSpan otherwise, ICollection<string> errors)
    {
        var text = section[key];
        if (string.IsNullOrEmpty(text)) return otherwise;
        if (Durations.TryParse(text, out var value, out _) && value <= TimeSpan.FromMinutes(10)) return value;
        errors.Add($"{section.Path}:{key} = '{text}' is not a duration of at most 10 minutes. Write for instance 5s, 500ms or 1m.");
        return otherwise;
    }
}
