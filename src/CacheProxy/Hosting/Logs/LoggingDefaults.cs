using Microsoft.Extensions.Logging.Configuration;

namespace CacheProxy.Hosting.Logs;

/// <summary>
/// Levels that hold where <c>Logging:LogLevel</c> does not say otherwise: what clients do is no fault of ours, and a log line per request by
/// the host costs a hit as much as the hit itself.
/// </summary>
internal static class LoggingDefaults
{
    private static readonly (string Category, LogLevel Level)[] s_levels =
    [
        ("Microsoft", LogLevel.Warning),
        ("System", LogLevel.Warning),
        ("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None),

        // Malformed requests that end a connection are warnings here; unhandled exceptions are errors.
        ("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Error),
        ("Yarp", LogLevel.Warning),

        // One warning per client that leaves. Failures of the origin are counted, and logged by the fill.
        ("Yarp.ReverseProxy.Forwarder.HttpForwarder", LogLevel.Error),
    ];

    /// <summary>Puts them before all other rules, so that a setting for the same category wins.</summary>
    public static void Apply(ILoggingBuilder logging, StartupPhase phase)
    {
        logging.AddConfiguration();
        logging.Services.PostConfigure<LoggerFilterOptions>(options =>
        {
            for (var i = 0; i < s_levels.Length; i++) options.Rules.Insert(i, new(null, s_levels[i].Category, s_levels[i].Level, null));

            // What goes wrong at the start is said once, by RunToEndAsync, with what to do; the host and Kestrel would each print a trace before it.
            foreach (var category in (ReadOnlySpan<string>)["Microsoft.Extensions.Hosting.Internal.Host", "Microsoft.AspNetCore.Server.Kestrel"])
            {
                var own = options.Rules.LastOrDefault(rule => rule.CategoryName == category)?.LogLevel ?? LogLevel.Error;
                options.Rules.Add(new(null, category, null, (_, _, level) => phase.IsOver && level >= own));
            }
        });
    }
}

/// <summary>Whether the host has started.</summary>
internal sealed class StartupPhase
{
    /// <summary>Whether it has.</summary>
    public volatile bool IsOver;
}
