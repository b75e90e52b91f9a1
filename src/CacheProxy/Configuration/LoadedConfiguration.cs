namespace CacheProxy.Configuration;

/// <summary>The configuration at start: settings and routes, both valid.</summary>
/// <param name="Settings">Everything outside the routes file.</param>
/// <param name="Routes">The routes file with its overrides.</param>
public sealed record LoadedConfiguration(ProxySettings Settings, LoadedRoutes Routes)
{
    /// <summary>Reads and validates all of it.</summary>
    /// <param name="configuration">The effective values, from <see cref="ConfigurationSources.UseSources"/>.</param>
    /// <param name="file">The routes file; <see langword="null"/> with <c>--to</c>.</param>
    /// <param name="isRun">Whether YARP is about to load the routes anyway: then its rules are asked only where something else is wrong, so that a start need not wait for them twice.</param>
    /// <exception cref="ConfigurationException">Something is wrong; all of it is said.</exception>
    public static LoadedConfiguration Load(IConfiguration configuration, RoutesFileProvider? file, bool isRun = false)
    {
        var errors = new ConfigurationErrors();
        var settings = ProxySettingsReader.Read(configuration, errors);
        RoomSettings.Check(configuration, errors);
        var routes = file is null ? RoutesValidator.Validate(configuration, errors) : file.Validate(configuration, errors);
        if (!isRun || errors.Count > 0) YarpRules.Check(configuration.GetSection("ReverseProxy"), errors);
        errors.ThrowIfAny(file?.Path ?? "the command line and the environment");
        return new(settings, routes);
    }
}
