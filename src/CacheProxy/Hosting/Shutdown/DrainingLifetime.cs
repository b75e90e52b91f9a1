using System.Runtime.InteropServices;

namespace CacheProxy.Hosting.Shutdown;

/// <summary>
/// Turns SIGTERM into an orderly end: readiness is red at once, requests go on for the delay, then the host stops and lets those under way
/// finish. Kestrel stops accepting as soon as the host stops, so a load balancer must have looked at readiness before. A second signal, and
/// Ctrl-C, skip the delay.
/// </summary>
internal sealed partial class DrainingLifetime(
    IHostApplicationLifetime application, Readiness readiness, ShutdownOptions options, TimeProvider time, ILogger<DrainingLifetime> logger) : IHostLifetime, IDisposable
{
    private readonly List<PosixSignalRegistration> _signals = [];
    private ITimer? _delay;

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        foreach (var signal in (ReadOnlySpan<PosixSignal>)[PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT])
            _signals.Add(PosixSignalRegistration.Create(signal, OnSignal));
        application.ApplicationStarted.Register(readiness.Started);
        application.ApplicationStopping.Register(readiness.Draining);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        foreach (var signal in _signals) signal.Dispose();
        _delay?.Dispose();
    }

    internal void Drain(bool skipDelay)
    {
        var again = readiness.IsDraining;
        readiness.Draining();
        LogDraining(logger, again || skipDelay ? TimeSpan.Zero : options.Delay, options.Timeout);
        if (again || skipDelay || options.Delay == TimeSpan.Zero) application.StopApplication();
        else _delay = time.CreateTimer(_ => application.StopApplication(), null, options.Delay, Timeout.InfiniteTimeSpan);
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        Drain(skipDelay: context.Signal != PosixSignal.SIGTERM);
    }

    [LoggerMessage(6101, LogLevel.Information, "Asked to end: not ready from now on; requests go on for {Delay}, then those under way have {Timeout}.")]
    private static partial void LogDraining(ILogger logger, TimeSpan delay, TimeSpan timeout);
}
