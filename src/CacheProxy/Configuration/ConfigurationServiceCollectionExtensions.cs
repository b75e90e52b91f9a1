using Microsoft.Extensions.DependencyInjection.Extensions;

namespace CacheProxy.Configuration;

/// <summary>Registers the room.</summary>
public static class ConfigurationServiceCollectionExtensions
{
    /// <summary>
    /// Registers the settings, the <see cref="PolicyCatalog"/> (with the first routes pending, until YARP has applied them), and the watcher of the
    /// routes file. <c>CacheMetrics</c> and logging are expected to be registered.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="loaded">What <see cref="LoadedConfiguration.Load"/> gave.</param>
    /// <param name="file">The routes file; <see langword="null"/> with <c>--to</c>, when there is nothing to watch.</param>
    public static IServiceCollection AddCacheProxyConfiguration(this IServiceCollection services, LoadedConfiguration loaded, RoutesFileProvider? file)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(loaded.Settings);
        services.AddSingleton(loaded.Settings.Credentials);
        services.AddSingleton(provider =>
        {
            var catalog = ActivatorUtilities.CreateInstance<PolicyCatalog>(provider);
            catalog.Prepare(loaded.Routes);
            return catalog;
        });
        if (file is null) return services;
        services.AddSingleton(file);
        services.AddHostedService<RoutesFileWatcher>();
        return services;
    }
}
