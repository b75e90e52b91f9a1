using Microsoft.ML;
using Microsoft.ML.Data;
using ModelsBackend.Data;
using ModelsBackend.Training;

namespace ModelsBackend.Evaluation;

/// <summary>How much worse the model gets when one column is shuffled.</summary>
/// <param name="Feature">The column.</param>
/// <param name="Importance">The mean loss of AUC over the permutations.</param>
/// <param name="StandardDeviation">Its spread.</param>
public sealed record FeatureWeight(string Feature, double Importance, double StandardDeviation);

/// <summary>Permutation importance of the stored model, by ML.NET. Deterministic per version and number of permutations.</summary>
public static class ImportanceEvaluator
{
    public static IReadOnlyList<FeatureWeight> Evaluate(ModelRun run, int permutations)
    {
        // A context of its own for every call: the order of the draws is part of the context.
        var ml = new MLContext(TrainingData.Seed($"{run.Id}/{run.Version}/importance"));
        var data = TrainingData.Load(ml, Catalogue.Datasets[run.Dataset], run.Id, run.Version);
        using var stored = new MemoryStream(run.Model!);
        var model = ml.Model.Load(stored, out _);
        var statistics = ml.BinaryClassification.PermutationFeatureImportanceNonCalibrated(model, data, permutationCount: permutations);
        return [.. statistics
            .Select(s => new FeatureWeight(s.Key, Math.Round(-s.Value.AreaUnderRocCurve.Mean, 6), Math.Round(Spread(s.Value.AreaUnderRocCurve), 6)))
            .OrderByDescending(w => w.Importance)
            .ThenBy(w => w.Feature, StringComparer.Ordinal)];
    }

    // One permutation has no spread; ML.NET says NaN, which JSON cannot.
    private static double Spread(MetricStatistics statistics) => double.IsFinite(statistics.StandardDeviation) ? statistics.StandardDeviation : 0;
}
