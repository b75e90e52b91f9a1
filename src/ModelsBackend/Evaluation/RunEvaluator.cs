using Microsoft.ML;
using ModelsBackend.Data;
using ModelsBackend.Training;

namespace ModelsBackend.Evaluation;

/// <summary>What cross-validation and bootstrap say of one version of a run.</summary>
/// <param name="Point">The scores over all held-out predictions, averaged over the repeats.</param>
/// <param name="Folds">The scores of each fold of each repeat.</param>
/// <param name="Samples">Per metric (the order of <see cref="Scores.Names"/>) its value in every bootstrap round, sorted.</param>
public sealed record RunEvaluation(Scores Point, Scores[] Folds, double[][] Samples);

/// <summary>
/// Evaluates a run: trains its model again on all but one fold, for every fold, and resamples what the models said of the folds they had not
/// seen. Nothing of it is stored: this is the work that a cache saves. Deterministic per version.
/// </summary>
public static class RunEvaluator
{
    public const int FoldCount = 4;
    private const int RoundsBetweenLooks = 64;

    public static RunEvaluation Evaluate(ModelRun run, int repeats, int rounds, CancellationToken cancellationToken)
    {
        var validations = new List<HeldOut[]>(repeats);
        for (var repeat = 0; repeat < repeats; repeat++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            validations.Add(CrossValidate(run, repeat));
        }

        var pooled = validations.Select(folds => folds[^1]).ToArray();
        var samples = Bootstrap(run, pooled, rounds, cancellationToken);
        return new RunEvaluation(
            Mean([.. pooled.Select(p => p.Measure())]),
            [.. validations.SelectMany(folds => folds[..^1]).Select(f => f.Measure())],
            samples);
    }

    /// <summary>One repeat: the folds, and last all of them together.</summary>
    public static HeldOut[] CrossValidate(ModelRun run, int repeat)
    {
        var seed = TrainingData.Seed($"{run.Id}/{run.Version}/{repeat}");
        var ml = new MLContext(seed);
        var data = TrainingData.Load(ml, Catalogue.Datasets[run.Dataset], run.Id, run.Version);
        var results = ml.BinaryClassification.CrossValidateNonCalibrated(data, ModelTrainer.Estimator(ml, run), FoldCount, seed: seed);
        var folds = results
            .Select(r => ml.Data.CreateEnumerable<Prediction>(r.ScoredHoldOutSet, reuseRowObject: true).Select(p => (p.Score, p.Label)).ToArray())
            .ToArray();
        return [.. folds.Select(f => new HeldOut(f)), new HeldOut(folds.SelectMany(f => f))];
    }

    private static double[][] Bootstrap(ModelRun run, HeldOut[] repeats, int rounds, CancellationToken cancellationToken)
    {
        var random = new Random(TrainingData.Seed($"{run.Id}/{run.Version}/bootstrap"));
        var samples = Scores.Names.Select(_ => new double[rounds]).ToArray();
        var counts = new int[repeats[0].Count];
        for (var round = 0; round < rounds; round++)
        {
            if (round % RoundsBetweenLooks == 0) cancellationToken.ThrowIfCancellationRequested();
            var scores = repeats[round % repeats.Length].Resample(random, counts);
            for (var metric = 0; metric < samples.Length; metric++) samples[metric][round] = scores[metric];
        }

        foreach (var sample in samples) Array.Sort(sample);
        return samples;
    }

    private static Scores Mean(Scores[] all) => new(
        all.Average(s => s.Accuracy), all.Average(s => s.Auc), all.Average(s => s.F1), all.Average(s => s.Precision), all.Average(s => s.Recall));

    private sealed class Prediction
    {
        public float Score { get; set; }

        public bool Label { get; set; }
    }
}
