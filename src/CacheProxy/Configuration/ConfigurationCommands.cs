using System.Globalization;
using CacheProxy.Engine.Policies;

namespace CacheProxy.Configuration;

/// <summary>The commands <c>check</c> and <c>policies</c>: what would be in effect, without starting anything.</summary>
public static class ConfigurationCommands
{
    /// <summary>Validates the whole configuration.</summary>
    /// <returns>0, or 1 with everything that is wrong.</returns>
    public static int Check(IHostEnvironment environment, string[] args, TextWriter output, TextWriter error)
    {
        if (Load(environment, args, error) is not { } loaded) return 1;
        var routes = loaded.Routes;
        var count = routes.ReverseProxy.GetSection("Routes").GetChildren().Count();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"The configuration is valid: {count} routes, {routes.Policies.Count} policies, {routes.Events.Types.Count - 1} events (hash {routes.Hash})."));
        return 0;
    }

    /// <summary>Prints the compiled policies as a table.</summary>
    /// <returns>0, or 1 with everything that is wrong.</returns>
    public static int Policies(IHostEnvironment environment, string[] args, TextWriter output, TextWriter error)
    {
        if (Load(environment, args, error) is not { } loaded) return 1;
        List<string[]> rows = [["POLICY", "METHODS", "TTL", "KEY", "TAGS", "ACCESS", "MODE"]];
        foreach (var policy in loaded.Routes.Policies.Values.OrderBy(policy => policy.Name, StringComparer.Ordinal))
            rows.Add([
                policy.Name, string.Join(',', policy.Methods), policy.Ttl?.ToString() ?? "Origin", policy.Key ?? "(scheme, host, target)",
                policy.Tags.IsEmpty ? "-" : string.Join(' ', policy.Tags), Access(policy), policy.Mode.ToString()]);
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows) output.WriteLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        return 0;
    }

    private static string Access(CachePolicy policy) =>
        policy.AccessCheck is { } check ? $"check {check.Path}"
        : policy.VaryByCredential ? "per credential"
        : policy.Shared ? "shared"
        : policy.FollowsOrigin ? "RFC 9111" : "none: credentials bypass";

    private static LoadedConfiguration? Load(IHostEnvironment environment, string[] args, TextWriter error)
    {
        try
        {
            var builder = new ConfigurationBuilder();
            var file = builder.UseSources(environment, args);
            using var configuration = (ConfigurationRoot)builder.Build();
            return LoadedConfiguration.Load(configuration, file);
        }
        catch (ConfigurationException problem)
        {
            error.WriteLine(problem.Message);
            return null;
        }
    }
}
