using System.Text.Json;
using CacheProxy.Configuration;

namespace CacheProxy.Hosting.Commands.Doctor;

/// <summary>
/// <c>CacheProxy doctor [--json] [--origin https://app.example.com] [TARGET]…</c>: looks at what the proxy stands on, with its own settings
/// and beside it: Redis and the backends. Changes nothing.
/// </summary>
internal static class DoctorCommand
{
    /// <summary>Looks at all of it.</summary>
    /// <returns>The exit code: 0 when nothing is wrong.</returns>
    public static async Task<int> RunAsync(IHostEnvironment environment, string[] arguments, TextWriter output, TextWriter error, TimeProvider time)
    {
        var options = DoctorOptions.Parse(arguments);
        List<Finding> findings = [];
        string seen;
        try
        {
            var builder = new ConfigurationBuilder();
            var file = builder.UseSources(environment, options.Settings);
            using var configuration = (ConfigurationRoot)builder.Build();
            var loaded = LoadedConfiguration.Load(configuration, file);
            var redis = EngineSettings.RedisOf(loaded.Settings);
            if (redis.ConnectionString is not null) await new RedisDoctor(redis, EngineSettings.ConsistencyOf(loaded.Settings), time, findings).LookAsync();
            var backends = new BackendDoctor(EngineSettings.OriginOf(loaded.Settings), options, time, findings);
            var asked = await backends.LookAsync(loaded.Routes);
            seen = $"{(redis.ConnectionString is { } connection ? $"Redis {connection}" : "no Redis: memory only")}; {asked} requests to backends";
        }
        catch (ConfigurationException problem)
        {
            await error.WriteLineAsync(problem.Message);
            return 1;
        }

        if (options.Json) await output.WriteLineAsync(JsonSerializer.Serialize(findings, FindingJson.Default.IReadOnlyListFinding));
        else if (findings.Count == 0) await output.WriteLineAsync($"Nothing is wrong ({seen}).");
        else foreach (var finding in findings) await output.WriteLineAsync(finding.ToString());
        return findings.Count == 0 ? 0 : 1;
    }
}
