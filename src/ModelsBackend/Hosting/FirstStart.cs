using Microsoft.EntityFrameworkCore;
using ModelsBackend.Data;
using ModelsBackend.Evaluation;
using ModelsBackend.Training;

namespace ModelsBackend.Hosting;

/// <summary>
/// Seeds the demo runs, calibrates, and queues again what a crash left unfinished. Until it is done, <c>/healthz</c> says 503. What it cannot do
/// ends the process with exit code 1.
/// </summary>
public sealed partial class FirstStart(
    ModelsDatabase database,
    Calibration calibration,
    TrainingQueue queue,
    Readiness readiness,
    TimeProvider clock,
    IHostApplicationLifetime lifetime,
    ILogger<FirstStart> logger) : BackgroundService
{
    /// <summary>The demo runs, public, with the ids of the guide's examples.</summary>
    private static readonly (string Id, string Name, string ModelType, string Dataset)[] s_demo =
    [
        ("abc-123", "Churn, boosted trees", Catalogue.FastTree, "churn"),
        ("def-456", "Churn, random forest", Catalogue.FastForest, "churn"),
        ("ghi-789", "Fraud, boosted trees", Catalogue.FastTree, "fraud"),
    ];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await SeedAsync(stoppingToken);
            readiness.Report("calibrating");
            await calibration.LoadAsync(stoppingToken);
            await QueueUnfinishedAsync(stoppingToken);
            readiness.Done();
            Log.Ready(logger);
        }
#pragma warning disable CA1031 // A service that cannot start must say so and end, whatever the cause.
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            Log.CannotStart(logger, readiness.Doing, e);
            Environment.ExitCode = 1;
            lifetime.StopApplication();
        }
    }

    private async Task SeedAsync(CancellationToken stopping)
    {
        await using var context = await database.OpenAsync(stopping);
        if (await context.Calibration.AnyAsync(stopping)) return;
        foreach (var demo in s_demo)
        {
            if (await context.Runs.AnyAsync(r => r.Id == demo.Id, stopping)) continue;
            readiness.Report($"training the demo run {demo.Id}");
            Log.Seeding(logger, demo.Id, demo.Name);
            var run = new ModelRun
            {
                Id = demo.Id,
                Name = demo.Name,
                IsPublic = true,
                ModelType = demo.ModelType,
                Dataset = demo.Dataset,
                Trees = Catalogue.DefaultTrees,
                Leaves = Catalogue.DefaultLeaves,
                Status = RunStatus.Completed,
                Version = 1,
                CreatedAt = clock.GetUtcNow(),
            };
            var started = clock.GetTimestamp();
            run.Model = await Task.Run(() => ModelTrainer.Train(run, run.Version), stopping);
            (run.TrainingSeconds, run.FinishedAt) = (Math.Round(clock.GetElapsedTime(started).TotalSeconds, 3), clock.GetUtcNow());
            context.Runs.Add(run);

            // No event: nobody can have cached a run that did not exist.
            await context.SaveChangesAsync(stopping);
        }
    }

    private async Task QueueUnfinishedAsync(CancellationToken stopping)
    {
        await using var context = await database.OpenAsync(stopping);
        var ids = await context.Runs.Where(r => r.Status == RunStatus.Queued || r.Status == RunStatus.Training).OrderBy(r => r.CreatedAt).Select(r => r.Id).ToListAsync(stopping);
        foreach (var id in ids) queue.Add(id);
    }

    private static partial class Log
    {
        [LoggerMessage(8301, LogLevel.Information, "First start: training the demo run {Id} ({Name}).")]
        public static partial void Seeding(ILogger logger, string id, string name);

        [LoggerMessage(8302, LogLevel.Information, "Ready: GET /api/v1/models/train/abc-123/metrics")]
        public static partial void Ready(ILogger logger);

        [LoggerMessage(8303, LogLevel.Critical, "The service cannot start: it failed while {Doing}. Check ConnectionStrings:Models and that the file is writable.")]
        public static partial void CannotStart(ILogger logger, string doing, Exception e);
    }
}
