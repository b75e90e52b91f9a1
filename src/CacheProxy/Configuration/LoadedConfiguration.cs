namespace CacheProxy.Configuration;

/// <summary>The configuration at start: settings and routes, both valid.</summary>
/// <param name="Settings">Everything outside the routes file.</param>
/// <param name="Routes">The routes file with its overrides.</param>
public sealed record LoadedConfiguration(ProxySettings Settings, LoadedRoutes Routes)
{
    /// <summary>Reads and validates all of it.</summary>
    /// <param name="configuration">The effective values, from <see cref="ConfigurationSources.UseSources"/>.</param>
    /// <param name="file">The routes file; <see langword="null"/> with <c>--to</c>.</param>
    /// <exception cref="ConfigurationException">Something is wrong; all of it is said.</exception>
    public static LoadedConfiguration Load(IConfiguration configuration, RoutesFileProvider? file)
    {
        var errors = new ConfigurationErrors();
        var settings = ProxySettingsReader.Read(configuration, errors);
        RoomSettings.Check(configuration, errors);
        var routes = file is null ? RoutesValidator.Validate(configuration, errors) : file.Validate(configuration, errors);
        errors.ThrowIfAny(file?.Path ?? "the command line and the environment");
        return new(settings, routes);
    }
}
