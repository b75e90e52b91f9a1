using System.Collections.Concurrent;
using CacheProxy.Client.Events;
using Microsoft.Extensions.Logging;

namespace CacheProxy.Client.Outbox;

/// <summary>One round of delivery to one target: what is pending, in order per partition, several partitions at once.</summary>
/// <remarks>
/// A failure that is not the event's fault ends the round, so that nothing overtakes it. An event that the target refuses is set aside and tried
/// again ever more rarely: purges may be applied in any order, and one bad event must not keep a model's later ones away.
/// </remarks>
internal sealed partial class TargetDelivery(
    IOutboxStore store,
    CacheEventSender sender,
    RetrySchedule schedule,
    OutboxSignal signal,
    OutboxMetrics metrics,
    ILogger<TargetDelivery> logger)
{
    private const int BatchSize = 64;
    private const int PartitionsAtOnce = 8;

    /// <summary>What a round leaves to do.</summary>
    /// <param name="Failures">Rounds in a row in which the target took nothing; 0: it is not in trouble.</param>
    /// <param name="Pause">For how long.</param>
    /// <param name="More">There was more than one batch.</param>
    public sealed record Round(int Failures, TimeSpan Pause, bool More);

    public async Task<Round> DeliverAsync(Uri target, int failures, CancellationToken stopping)
    {
        var batch = await store.ReadPendingAsync(target, schedule.Now, BatchSize, stopping);
        var taken = 0;
        using var trouble = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var troubles = new ConcurrentQueue<(OutboxMessage Message, DeliveryResult Result)>();
        await Parallel.ForEachAsync(
            batch.GroupBy(m => m.Partition),
            new ParallelOptions { MaxDegreeOfParallelism = PartitionsAtOnce, CancellationToken = stopping },
            async (partition, cancellation) =>
            {
                foreach (var message in partition)
                {
                    if (trouble.IsCancellationRequested) return;
                    var result = await sender.TryOnceAsync(target, message.Event, cancellation);
                    if (await SettleAsync(message, result, cancellation))
                    {
                        Interlocked.Increment(ref taken);
                        continue;
                    }

                    troubles.Enqueue((message, result));
                    await trouble.CancelAsync();
                    return;
                }
            });

        if (!troubles.TryPeek(out var first)) return new Round(0, TimeSpan.Zero, batch.Count == BatchSize);

        // A target that takes some is asked again soon, however many it turns away.
        failures = taken > 0 ? 1 : failures + 1;
        var pause = first.Result.Outcome == DeliveryOutcome.Gone
            ? schedule.Longest
            : schedule.PauseAfter(failures, troubles.Max(t => t.Result.RetryAfter));
        Log.TargetFailed(logger, target, failures, first.Result.Reason, batch.Count, pause);
        foreach (var (message, result) in troubles) await GiveUpIfOldAsync(message, result, failures, stopping);
        return new Round(failures, pause, true);
    }

    /// <summary>Records what came of an attempt; <see langword="false"/> when the target is in trouble.</summary>
    private async Task<bool> SettleAsync(OutboxMessage message, DeliveryResult result, CancellationToken stopping)
    {
        metrics.Attempted(result.Outcome);
        switch (result.Outcome)
        {
            case DeliveryOutcome.Delivered:
                // Not cancelled by a stop: what was taken should not be sent again.
                await store.MarkDeliveredAsync(message.Sequence, result.Target, sender.Targets, CancellationToken.None);
                Log.Delivered(logger, message.Event.Type, message.Event.Id, result.Target);
                signal.Raise();
                return true;
            case DeliveryOutcome.Refused:
                var until = schedule.Now + schedule.PauseAfter(message.Refusals + 1, result.RetryAfter);
                Log.Refused(logger, message.Event.Type, message.Event.Id, result.Target, result.Reason, until);
                await store.SetAsideAsync(message.Sequence, result.Target, until, result.Reason, stopping);
                await GiveUpIfOldAsync(message, result, message.Refusals, stopping);
                return true;
            default:
                return false;
        }
    }

    private async Task GiveUpIfOldAsync(OutboxMessage message, DeliveryResult result, int failures, CancellationToken stopping)
    {
        if (!schedule.IsOver(message.CreatedAt, failures)) return;
        await store.MarkDeadAsync(message.Sequence, result.Target, result.Reason, stopping);
        metrics.GaveUp();
        signal.Raise();
        Log.GaveUp(logger, message.Event.Type, message.Event.Id, result.Target, schedule.GiveUpAfter, result.Reason);
    }

    private static partial class Log
    {
        [LoggerMessage(7201, LogLevel.Debug, "Event '{Type}' ({Id}) was taken by {Target}.")]
        public static partial void Delivered(ILogger logger, string type, string id, Uri target);

        [LoggerMessage(7202, LogLevel.Warning, "{Target} does not take events ({Failures} failures in a row): {Reason}. At least {Pending} events wait; trying again in {Pause}.")]
        public static partial void TargetFailed(ILogger logger, Uri target, int failures, string reason, int pending, TimeSpan pause);

        [LoggerMessage(7203, LogLevel.Error, "Event '{Type}' ({Id}) was refused by {Target}: {Reason}. Map the type under Invalidation:Events of the proxy's routes.json; it is tried again at {Until}.")]
        public static partial void Refused(ILogger logger, string type, string id, Uri target, string reason, DateTimeOffset until);

        [LoggerMessage(7204, LogLevel.Error, "Event '{Type}' ({Id}) is a dead letter: {Target} did not take it within {Age}: {Reason}. Mend the target, then redeliver.")]
        public static partial void GaveUp(ILogger logger, string type, string id, Uri target, TimeSpan age, string reason);
    }
}
