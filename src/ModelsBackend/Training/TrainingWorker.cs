using System.Diagnostics;
using CacheProxy.Client.Events;
using Microsoft.EntityFrameworkCore;
using ModelsBackend.Data;
using ModelsBackend.Hosting;

namespace ModelsBackend.Training;

/// <summary>Trains what is queued, one run after the other.</summary>
public sealed partial class TrainingWorker(
    TrainingQueue queue, ModelsDatabase database, Readiness readiness, TimeProvider clock, ILogger<TrainingWorker> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await readiness.WaitAsync(stoppingToken);
        await foreach (var id in queue.ReadAllAsync(stoppingToken))
        {
            try
            {
                await TrainAsync(id, stoppingToken);
            }
            catch (DbUpdateConcurrencyException)
            {
                Log.Deleted(logger, id);
            }
#pragma warning disable CA1031 // The next run must be trained, whatever happened to this one.
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                Log.Broke(logger, id, e);
                await FailAsync(id, "The training broke off unexpectedly; the service's log says why. Try again.", stoppingToken);
            }
        }
    }

    private async Task TrainAsync(string id, CancellationToken stopping)
    {
        await using var context = await database.OpenAsync(stopping);
        var run = await context.Runs.SingleOrDefaultAsync(r => r.Id == id, stopping);
        if (run is not { Status: RunStatus.Queued or RunStatus.Training }) return;

        run.Status = RunStatus.Training;
        await database.CommitAsync(context, id, stopping, CacheEventTypes.StatusChanged);
        var watch = Stopwatch.StartNew();
        try
        {
            var version = run.Version + 1;
            run.Model = await Task.Run(() => ModelTrainer.Train(run, version), stopping);
            (run.Version, run.Status, run.Error) = (version, RunStatus.Completed, null);
        }
        catch (TrainingFailedException e)
        {
            (run.Status, run.Error) = (RunStatus.Failed, e.Message);
        }

        (run.TrainingSeconds, run.FinishedAt) = (Math.Round(watch.Elapsed.TotalSeconds, 3), clock.GetUtcNow());
        await database.CommitAsync(
            context, id, stopping, run.Status == RunStatus.Completed ? CacheEventTypes.TrainingCompleted : CacheEventTypes.TrainingFailed);
        Log.Trained(logger, id, run.Status, run.Version, run.TrainingSeconds);
    }

    private async Task FailAsync(string id, string error, CancellationToken stopping)
    {
        try
        {
            await using var context = await database.OpenAsync(stopping);
            if (await context.Runs.SingleOrDefaultAsync(r => r.Id == id, stopping) is not { } run) return;
            (run.Status, run.Error, run.FinishedAt) = (RunStatus.Failed, error, clock.GetUtcNow());
            await database.CommitAsync(context, id, stopping, CacheEventTypes.TrainingFailed);
        }
#pragma warning disable CA1031 // A full disk: the run is found by its status at the next start.
        catch (Exception e) when (!stopping.IsCancellationRequested)
#pragma warning restore CA1031
        {
            Log.Broke(logger, id, e);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(8101, LogLevel.Information, "Run {Id}: {Status}, version {Version}, {Seconds} s.")]
        public static partial void Trained(ILogger logger, string id, RunStatus status, int version, double seconds);

        [LoggerMessage(8102, LogLevel.Information, "Run {Id} was deleted while it was trained; the result is dropped.")]
        public static partial void Deleted(ILogger logger, string id);

        [LoggerMessage(8103, LogLevel.Error, "The training of run {Id} broke off.")]
        public static partial void Broke(ILogger logger, string id, Exception e);
    }
}
