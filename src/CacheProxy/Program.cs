using CacheProxy;
using CacheProxy.Configuration;
using CacheProxy.Engine;
using CacheProxy.Hosting;
using CacheProxy.Hosting.Shutdown;
using CacheProxy.Management;
using CacheProxy.Proxying;

try
{
    // 1 A command other than running.
    if (await CommandLine.TryRunAsync(args) is { } exitCode) return exitCode;

    // 2 Configuration: all of it valid, or nothing starts.
    var builder = WebApplication.CreateSlimBuilder(args);
    var file = builder.Configuration.UseSources(builder.Environment, args);
    var errors = new List<string>();
    var loaded = LoadedConfiguration.Load(builder.Configuration, file, isRun: true);

    // 3 What the proxy is made of.
    builder.AddHosting(errors);
    builder.Services.AddMetricsRegistry();
    builder.Services.AddCacheProxyConfiguration(loaded, file);
    builder.Services.AddCacheEngine(EngineSettings.Of(loaded.Settings));
    builder.Services.AddRedis(loaded.Settings);
    builder.Services.AddEventMapping();
    builder.Services.AddManagement(builder.Configuration, errors);
    builder.Services.AddProxying(builder.Configuration, EngineSettings.OriginOf(loaded.Settings));
    ConfigurationException.ThrowIfAny("the settings", errors);

    // 4 A request's way: order matters.
    var app = builder.Build();
    app.UseHosting();
    app.UseWhen(static context => !context.IsOperatorsListener(), static clients => clients.UseTargetMemo());
    app.UseManagement();
    app.UseRouting();
    app.UseTimeoutsOfRoutes();
    app.UseCorsOfRoutes();
    app.UseRateLimitsOfRoutes();
    app.UseCacheEngine();
    app.MapProxying();
    return await app.RunToEndAsync(Console.Error);
}
catch (ConfigurationException problem)
{
    await Console.Error.WriteLineAsync(problem.Message);
    return 1;
}
