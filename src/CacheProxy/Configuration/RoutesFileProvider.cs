using CacheProxy.Engine.Telemetry;

namespace CacheProxy.Configuration;

/// <summary>
/// The routes file as a configuration provider. Unlike the stock JSON provider it changes its values only after the whole configuration
/// with the new file has been parsed, validated and compiled: a broken, half-written or missing file changes nothing.
/// </summary>
/// <param name="path">The file.</param>
public sealed class RoutesFileProvider(string path) : ConfigurationProvider, IConfigurationSource
{
    private readonly ConfigurationErrors _parseErrors = [];
    private string? _seen;
    private bool _loaded;

    /// <summary>The file.</summary>
    public string Path { get; } = path;

    /// <inheritdoc />
    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    /// <summary>Reads the file the first time; a reload of the whole configuration does not touch it. Errors are kept for <see cref="Validate(IConfiguration)"/>.</summary>
    public override void Load()
    {
        if (_loaded) return;
        _loaded = true;
        try
        {
            _seen = File.ReadAllText(Path);
            Data = RoutesFile.Parse(_seen, _parseErrors);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _parseErrors.Add(Path, null, $"cannot be read: {error.Message} Set Routes:Path to the file, or start with --to URL");
        }
    }

    /// <summary>Validates what was read at start, with everything that overrides it.</summary>
    /// <param name="configuration">The effective values.</param>
    /// <exception cref="ConfigurationException">Something is wrong; all of it is said.</exception>
    public LoadedRoutes Validate(IConfiguration configuration)
    {
        var errors = new ConfigurationErrors();
        var routes = Validate(configuration, errors);
        errors.ThrowIfAny(Path);
        return routes;
    }

    /// <summary>Validates what was read at start, and adds what is wrong to the errors of others.</summary>
    public LoadedRoutes Validate(IConfiguration configuration, ConfigurationErrors errors)
    {
        foreach (var error in _parseErrors) errors.Add(error);
        return RoutesValidator.Validate(configuration, errors);
    }

    /// <summary>Looks whether the file's content has changed since it was looked at last.</summary>
    /// <param name="root">The configuration that this provider is a part of.</param>
    /// <param name="catalog">Gets the new routes before anybody hears of them.</param>
    /// <param name="metrics">Shows whether the file is good.</param>
    /// <param name="logger">Hears what happened.</param>
    /// <returns>Whether new values were taken.</returns>
    public bool TryReload(IConfigurationRoot root, PolicyCatalog catalog, CacheMetrics metrics, ILogger logger)
    {
        string text;
        try
        {
            text = File.ReadAllText(Path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            if (_seen is not null) RoutesFileLog.Unreadable(logger, Path, error.Message);
            _seen = null;
            metrics.ConfigValid.Set(0);
            return false;
        }
        if (text == _seen) return false;
        _seen = text;
        var errors = new ConfigurationErrors();
        var data = RoutesFile.Parse(text, errors);
        var candidate = Candidate(root, data);
        var routes = RoutesValidator.Validate(candidate, errors);
        YarpRules.Check(candidate.GetSection("ReverseProxy"), errors);
        if (errors.Count > 0)
        {
            metrics.ConfigValid.Set(0);
            RoutesFileLog.Refused(logger, Path, ConfigurationException.Render(Path, [.. errors]));
            return false;
        }
        metrics.ConfigValid.Set(1);
        if (routes.Hash == catalog.Current.Hash) return false;
        catalog.Prepare(routes);
        Data = data;
        RoutesFileLog.Reloaded(logger, Path, routes.Hash);
        OnReload();
        return true;
    }

    /// <summary>The whole configuration as it would be with other values from this file.</summary>
    private ConfigurationRoot Candidate(IConfigurationRoot root, IDictionary<string, string?> data) =>
        new([.. root.Providers.Select(provider => ReferenceEquals(provider, this) ? new ValuesProvider(data) : (IConfigurationProvider)new BorrowedProvider(provider))]);

    private sealed class ValuesProvider : ConfigurationProvider
    {
        public ValuesProvider(IDictionary<string, string?> data) => Data = data;
    }
}
