using CacheProxy.Hosting.Listeners;
using CacheProxy.Hosting.Shutdown;
using CacheProxy.Management;
using CacheProxy.Management.Authentication;
using CacheProxy.Management.Events;

namespace CacheProxy.Hosting.Logs;

/// <summary>Says, once the listeners are open, where they are and who may do what: what people look for first in a log.</summary>
internal sealed partial class StartupSummary(
    ListenerSet listeners, BuildVersion version, BearerOptions bearer, WebhookOptions webhooks, ManagementOptions management, ShutdownOptions shutdown,
    StartupPhase phase, ILogger<StartupSummary> logger) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        phase.IsOver = true;
        LogListening(logger, version.Text, Join(ListenerRole.Clients), Join(ListenerRole.Operators));
        LogManagement(logger, management.Prefix, bearer.ToString(), webhooks.ToString(), management.OnClientsListener ? "both listeners" : "the operators' listener");
        LogShutdown(logger, shutdown.Delay, shutdown.Timeout);
        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private string Join(ListenerRole role) => string.Join(", ", listeners.Addresses(role));

    [LoggerMessage(6301, LogLevel.Information, "CacheProxy {Version} listens on {Clients} (clients) and {Operators} (operators: /metrics, /healthz/ready).")]
    private static partial void LogListening(ILogger logger, string version, string clients, string operators);

    [LoggerMessage(6302, LogLevel.Information, "Management under {Prefix} on {Listeners}: {Tokens}. Webhooks: {Secrets}.")]
    private static partial void LogManagement(ILogger logger, string prefix, string tokens, string secrets, string listeners);

    [LoggerMessage(6303, LogLevel.Information, "On SIGTERM: not ready at once, requests go on for {Delay}, then those under way have {Timeout}.")]
    private static partial void LogShutdown(ILogger logger, TimeSpan delay, TimeSpan timeout);
}
