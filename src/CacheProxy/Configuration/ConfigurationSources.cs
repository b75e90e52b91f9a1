using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.FileProviders;

namespace CacheProxy.Configuration;

/// <summary>
/// The order of the sources, the later above the earlier: appsettings.json, routes file, user secrets in Development, secret files,
/// environment, command line.
/// </summary>
public static class ConfigurationSources
{
    /// <summary>Where orchestrators mount secrets, one file a value; <c>__</c> in a file's name separates levels.</summary>
    public const string SecretDirectory = "/run/secrets";

    private const string UserSecretsId = "playground-cacheproxy";

    /// <summary>Replaces the sources of the configuration.</summary>
    /// <param name="configuration">A manager, or a builder of one's own.</param>
    /// <param name="environment">Names the environment and the content's root.</param>
    /// <param name="args">The command line.</param>
    /// <param name="secretDirectory">Another place for secret files.</param>
    /// <returns>The routes file; <see langword="null"/> with <c>--to</c>, where everything goes to one URL.</returns>
    /// <exception cref="ConfigurationException"><c>--to</c> is no URL.</exception>
    public static RoutesFileProvider? UseSources(this IConfigurationBuilder configuration, IHostEnvironment environment, string[] args, string secretDirectory = SecretDirectory)
    {
        var root = environment.ContentRootPath;
        var below = new ConfigurationBuilder();
        below.AddJsonFile(Path.Combine(root, "appsettings.json"), optional: true, reloadOnChange: false);
        below.AddJsonFile(Path.Combine(root, $"appsettings.{environment.EnvironmentName}.json"), optional: true, reloadOnChange: false);
        var above = new ConfigurationBuilder();
        if (environment.IsDevelopment()) above.AddUserSecrets(UserSecretsId);
        if (Directory.Exists(secretDirectory))
            above.AddKeyPerFile(source =>
            {
                source.FileProvider = new PhysicalFileProvider(secretDirectory);
                source.Optional = true;
                source.ReloadOnChange = false;
            });
        above.AddEnvironmentVariables("DOTNET_").AddEnvironmentVariables("ASPNETCORE_").AddEnvironmentVariables().AddCommandLine(args);

        // Which file it is can be said anywhere but in the file.
        var preview = new ConfigurationBuilder();
        foreach (var source in below.Sources.Concat(above.Sources)) preview.Sources.Add(source);
        using var known = (ConfigurationRoot)preview.Build();
        var routes = Routes(known, environment);

        configuration.Sources.Clear();
        foreach (var source in below.Sources) configuration.Sources.Add(source);
        configuration.Sources.Add(routes);
        foreach (var source in above.Sources) configuration.Sources.Add(source);
        return routes as RoutesFileProvider;
    }

    private static IConfigurationSource Routes(ConfigurationRoot known, IHostEnvironment environment)
    {
        if (known["to"] is { } to) return new MemoryConfigurationSource { InitialData = Everything(to) };
        var path = known["Routes:Path"] is { Length: > 0 } written ? written : "config/routes.json";
        return new RoutesFileProvider(Path.GetFullPath(path, environment.ContentRootPath));
    }

    /// <summary>One route, one cluster, and the origin's own headers decide.</summary>
    private static Dictionary<string, string?> Everything(string to)
    {
        if (!Uri.TryCreate(to, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            throw new ConfigurationException("the command line", [new("--to", to, "is no URL: write one such as http://localhost:8000")]);
        return new()
        {
            ["ReverseProxy:Routes:everything:ClusterId"] = "origin",
            ["ReverseProxy:Routes:everything:OutputCachePolicy"] = "origin",
            ["ReverseProxy:Routes:everything:Match:Path"] = "/{**rest}",
            ["ReverseProxy:Clusters:origin:Destinations:origin:Address"] = to,
            ["CachePolicies:origin:Ttl"] = "Origin",
        };
    }
}
