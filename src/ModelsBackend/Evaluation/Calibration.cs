using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using ModelsBackend.Data;

namespace ModelsBackend.Evaluation;

/// <summary>
/// Chooses how many repeats an evaluation makes on this machine: as many as fit into the time that people wait for such an answer. Measured once
/// and stored, so that answers stay the same over restarts.
/// </summary>
public sealed partial class Calibration(ModelsDatabase database, ILogger<Calibration> logger)
{
    private static readonly TimeSpan s_metricsTarget = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_importanceTarget = TimeSpan.FromMilliseconds(600);
    private const double ShareOfValidation = 0.6;
    private const int MostRepeats = 20;
    private const int LeastRounds = 200;
    private const int MostRounds = 50_000;
    private const int MostPermutations = 100;
    private const int Tries = 4;
    private const int RoundsPerTry = 100;
    private const int PermutationsPerTry = 4;

    private CalibrationRow? _row;

    public CalibrationRow Row => _row ?? throw new InvalidOperationException("The calibration is read before the first start is done.");

    /// <summary>Reads the calibration, or makes it with a trained run.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        await using var context = await database.OpenAsync(cancellationToken);
        _row = await context.Calibration.AsNoTracking().SingleOrDefaultAsync(cancellationToken);
        if (_row is not null) return;

        var run = await context.Runs.AsNoTracking().Where(r => r.Version > 0).OrderBy(r => r.Id).FirstAsync(cancellationToken);
        _row = await Task.Run(() => Measure(run), cancellationToken);
        context.Calibration.Add(_row);
        await context.SaveChangesAsync(cancellationToken);
        Log.Calibrated(logger, _row.Repeats, RunEvaluator.FoldCount, _row.Rounds, _row.Permutations);
    }

    /// <remarks>The quickest of some tries counts: what else the machine does only makes a try slower.</remarks>
    private static CalibrationRow Measure(ModelRun run)
    {
        HeldOut[] folds = [];
        var validation = Quickest(() => folds = RunEvaluator.CrossValidate(run, 0));
        var repeats = Math.Clamp((int)(s_metricsTarget * ShareOfValidation / validation), 1, MostRepeats);

        var random = new Random(1);
        var counts = new int[folds[^1].Count];
        var round = Quickest(() =>
        {
            for (var i = 0; i < RoundsPerTry; i++) folds[^1].Resample(random, counts);
        }) / RoundsPerTry;
        var rounds = Math.Clamp((int)((s_metricsTarget - (validation * repeats)) / round), LeastRounds, MostRounds);

        // The fixed cost, loading the model, is spread over several: an estimate that errs on the short side.
        var some = Quickest(() => ImportanceEvaluator.Evaluate(run, PermutationsPerTry)) / PermutationsPerTry;
        var permutations = Math.Clamp((int)(s_importanceTarget / some), 1, MostPermutations);
        return new CalibrationRow { Repeats = repeats, Rounds = rounds, Permutations = permutations };
    }

    private static TimeSpan Quickest(Action work)
    {
        var best = TimeSpan.MaxValue;
        for (var i = 0; i < Tries; i++)
        {
            var watch = Stopwatch.StartNew();
            work();
            if (watch.Elapsed < best) best = watch.Elapsed;
        }

        return best;
    }

    private static partial class Log
    {
        [LoggerMessage(8201, LogLevel.Information, "Calibrated for this machine: {Repeats} times {Folds}-fold cross-validation, {Rounds} bootstrap rounds, {Permutations} permutations per feature.")]
        public static partial void Calibrated(ILogger logger, int repeats, int folds, int rounds, int permutations);
    }
}
