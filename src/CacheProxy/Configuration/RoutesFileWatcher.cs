using System.Runtime.InteropServices;
using CacheProxy.Engine.Telemetry;

namespace CacheProxy.Configuration;

/// <summary>
/// Looks at the routes file's content each second and on SIGHUP. Content, not time stamps or file events: those miss mounted volumes
/// and atomic renames.
/// </summary>
internal sealed class RoutesFileWatcher(
    RoutesFileProvider provider, IConfiguration configuration, PolicyCatalog catalog, CacheMetrics metrics, TimeProvider time, ILogger<RoutesFileWatcher> logger) : BackgroundService
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var signal = OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            // Not to be ended by it.
            context.Cancel = true;
            Look();
        });
        using var timer = new PeriodicTimer(s_interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) Look();
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }

    private void Look()
    {
        lock (_lock)
        {
            try
            {
                provider.TryReload((IConfigurationRoot)configuration, catalog, metrics, logger);
            }
#pragma warning disable CA1031 // Whatever a listener of the reload throws, the next change must still be seen.
            catch (Exception error)
#pragma warning restore CA1031
            {
                RoutesFileLog.Failed(logger, error, provider.Path);
            }
        }
    }
}
