using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CacheProxy.Client.Outbox;

/// <summary>
/// Delivers the outbox: to each target at least once, in order per partition, for as long as it takes. A crash at any moment leads at most to
/// the same event, under the same id, being sent again.
/// </summary>
internal sealed partial class OutboxDelivery(
    TargetDelivery delivery, OutboxSignal signal, IOptions<CacheProxyClientOptions> options, TimeProvider clock, ILogger<OutboxDelivery> logger)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.CanSend)
        {
            Log.CannotSend(logger);
            return;
        }

        await Task.WhenAll(options.Value.Targets.Select(target => PumpAsync(target, stoppingToken)));
    }

    /// <summary>One target's loop: a target in trouble holds up nobody but itself.</summary>
    private async Task PumpAsync(Uri target, CancellationToken stopping)
    {
        var failures = 0;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var next = signal.Next;
                var round = await delivery.DeliverAsync(target, failures, stopping);
                failures = round.Failures;
                // Back-off from a target that failed; without failures a signal wakes it, and a poll covers what other processes have written.
                if (failures > 0) await Task.Delay(round.Pause, clock, stopping);
                else if (!round.More) await OutboxSignal.WaitAsync(next, options.Value.PollInterval, clock, stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever the store throws (a full disk, a locked file), the delivery must go on once it is over.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Log.StoreFailed(logger, target, options.Value.PollInterval, e);
                // A store that failed is asked again at the pace at which it is polled.
                await Task.Delay(options.Value.PollInterval, clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(7101, LogLevel.Warning, "Events stay in the outbox: configure CacheProxy:Targets:0 (the proxy's address) and CacheProxy:Secret (one of the proxy's Webhooks:Secrets), and they are delivered.")]
        public static partial void CannotSend(ILogger logger);

        [LoggerMessage(7102, LogLevel.Error, "The outbox could not be read or marked while delivering to {Target}; trying again in {Pause}. Check the database and its disk.")]
        public static partial void StoreFailed(ILogger logger, Uri target, TimeSpan pause, Exception e);
    }
}
