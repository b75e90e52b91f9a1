using CacheProxy.Hosting.Health;
using CacheProxy.Hosting.Listeners;
using CacheProxy.Hosting.Logs;
using CacheProxy.Hosting.Requests;
using CacheProxy.Hosting.Shutdown;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace CacheProxy.Hosting;

/// <summary>How the composition takes this room in.</summary>
public static class HostingExtensions
{
    /// <summary>Opens the listeners, and registers health, the end of the process, the access log and the levels of logging.</summary>
    /// <param name="builder">The application.</param>
    /// <param name="errors">Gets what is wrong in the settings; with any, do not run.</param>
    public static WebApplicationBuilder AddHosting(this WebApplicationBuilder builder, ICollection<string> errors)
    {
        var services = builder.Services;
        var shutdown = ShutdownOptions.Read(builder.Configuration, errors);
        var phase = new StartupPhase();
        builder.AddListeners(ListenerOptions.Read(builder.Configuration, errors));
        LoggingDefaults.Apply(builder.Logging, phase);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(phase);
        services.AddSingleton(shutdown);
        services.AddSingleton(AccessLogOptions.Read(builder.Configuration, errors));
        services.AddSingleton(ForwardedOptions.Read(builder.Configuration, errors));
        services.AddSingleton<Readiness>();
        services.AddSingleton<IHostLifetime, DrainingLifetime>();
        services.Configure<HostOptions>(options => options.ShutdownTimeout = shutdown.Timeout);
        services.AddHostedService<StartupSummary>();
        services.AddSingleton<HealthPages>();
        services.AddHealthPage(0).AddHealthPage(1);
        return builder;
    }

    /// <summary>The first steps of every request: faults, access log, strictness, forwarded headers. Comes before everything else.</summary>
    public static IApplicationBuilder UseHosting(this IApplicationBuilder app)
    {
        // YARP registers authorization, for which the host would put its middleware before everything, hits too; no route of ours may ask for it.
        app.Properties["__AuthorizationMiddlewareSet"] = true;
        if (app.ApplicationServices.GetRequiredService<AccessLogOptions>().On) app.UseMiddleware<AccessLogMiddleware>();
        return app.UseMiddleware<FaultMiddleware>().UseMiddleware<StrictRequestMiddleware>().UseMiddleware<ForwardedMiddleware>();
    }

    private static IServiceCollection AddHealthPage(this IServiceCollection services, int index) =>
        services.AddSingleton(provider => provider.GetRequiredService<HealthPages>().All().ElementAt(index));
}
