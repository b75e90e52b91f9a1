using System.Security.Claims;
using CacheProxy.Client.Keys;
using ModelsBackend.Data;
using ModelsBackend.Evaluation;
using ModelsBackend.Training;

namespace ModelsBackend.Runs;

/// <summary>
/// The expensive answers, computed when asked. They say nothing of caching: the proxy's policies decide. <c>use_cache</c> is the proxy's too.
/// </summary>
internal static class EvaluationEndpoints
{
    private const int FewestCompared = 2;
    private const int MostCompared = 10;
    private const int Digits = 6;

    public static void Map(RouteGroupBuilder models)
    {
        models.MapGet("/train/{id}/metrics", MetricsAsync);
        models.MapGet("/train/{id}/feature-importance", ImportanceAsync);
        models.MapPost("/compare", CompareAsync);
    }

    private static async Task<IResult> MetricsAsync(
        string id, ClaimsPrincipal user, ModelsDatabase database, Evaluations evaluations, CancellationToken cancellationToken)
    {
        var (run, refusal) = await FinishedAsync(id, user, database, cancellationToken);
        if (run is null) return refusal!;
        var evaluation = await evaluations.EvaluateAsync(run, cancellationToken);
        return Results.Ok(new RunMetrics(
            run.Id, run.Version, run.ModelType, run.Dataset, TrainingData.Rows,
            ByName(i => evaluation.Point[i]),
            Scores.Names.Select((name, i) => (name, Interval: Middle95(evaluation.Samples[i]))).ToDictionary(p => p.name, p => p.Interval),
            new Validation(
                evaluations.Repeats, RunEvaluator.FoldCount, ByName(i => evaluation.Folds.Average(f => f[i])), ByName(i => Deviation(evaluation.Folds, i))),
            evaluations.Rounds));
    }

    private static async Task<IResult> ImportanceAsync(
        string id, string? top_n, ClaimsPrincipal user, ModelsDatabase database, Evaluations evaluations, CancellationToken cancellationToken)
    {
        if (!ReadingEndpoints.TryRead(top_n, int.MaxValue, 1, int.MaxValue, out var top)) return Problems.Invalid($"top_n is '{top_n}': give 1 or more.");
        var (run, refusal) = await FinishedAsync(id, user, database, cancellationToken);
        if (run is null) return refusal!;
        var weights = await evaluations.ImportanceAsync(run, cancellationToken);
        return Results.Ok(new RunImportance(run.Id, run.Version, "auc", evaluations.Permutations, [.. weights.Take(top)]));
    }

    private static async Task<IResult> CompareAsync(
        CompareRequest request, ClaimsPrincipal user, ModelsDatabase database, Evaluations evaluations, CancellationToken cancellationToken)
    {
        var ids = request.ModelRunIds?.Select(id => CacheKeys.Canonical(id ?? "")).ToArray() ?? [];
        if (ids.Length is < FewestCompared or > MostCompared) return Problems.Invalid($"model_run_ids has {ids.Length} ids: give {FewestCompared} to {MostCompared}.");
        if (ids.Distinct(StringComparer.Ordinal).Count() < ids.Length) return Problems.Invalid("model_run_ids names a run twice.");
        var name = request.Metric switch { null => "accuracy", "f1" => "f1_score", var other => other };
        var metric = Array.IndexOf(Scores.Names, name);
        if (metric < 0) return Problems.Invalid($"metric is '{name}': give one of {string.Join(", ", Scores.Names)}.");

        var runs = new List<ModelRun>();
        foreach (var id in ids)
        {
            var (run, refusal) = await FinishedAsync(id, user, database, cancellationToken);
            if (run is null) return refusal!;
            runs.Add(run);
        }

        var compared = new List<(ModelRun Run, RunEvaluation Evaluation)>();
        foreach (var run in runs) compared.Add((run, await evaluations.EvaluateAsync(run, cancellationToken)));
        return Results.Ok(Comparison(name, metric, compared));
    }

    private static RunComparison Comparison(string name, int metric, List<(ModelRun Run, RunEvaluation Evaluation)> compared)
    {
        var ranked = compared.OrderByDescending(c => c.Evaluation.Point[metric]).ThenBy(c => c.Run.Id, StringComparer.Ordinal).ToArray();
        var pairs =
            from better in Enumerable.Range(0, ranked.Length)
            from worse in Enumerable.Range(better + 1, ranked.Length - better - 1)
            let a = ranked[better]
            let b = ranked[worse]
            select new ComparedPair(
                a.Run.Id, b.Run.Id, Math.Round(a.Evaluation.Point[metric] - b.Evaluation.Point[metric], Digits),
                Math.Round(ProbabilityOfMore(a.Evaluation.Samples[metric], b.Evaluation.Samples[metric]), 4));
        return new RunComparison(
            name,
            ranked[0].Run.Id,
            [.. ranked.Select((c, i) => new ComparedRun(
                i + 1, c.Run.Id, c.Run.Version, c.Run.ModelType, c.Run.Dataset, Math.Round(c.Evaluation.Point[metric], Digits), Middle95(c.Evaluation.Samples[metric])))],
            [.. pairs]);
    }

    private static async Task<(ModelRun? Run, IResult? Refusal)> FinishedAsync(
        string id, ClaimsPrincipal user, ModelsDatabase database, CancellationToken cancellationToken)
    {
        await using var context = await database.OpenAsync(cancellationToken);
        var (run, refusal) = await RunAccessRules.VisibleAsync(context, id, user, cancellationToken);
        return run is { Version: 0 } ? (null, ReadingEndpoints.Unfinished(run)) : (run, refusal);
    }

    /// <summary>The share of pairs, one value of each sorted sample, in which the first is larger; equal ones count half.</summary>
    private static double ProbabilityOfMore(double[] first, double[] second)
    {
        double wins = 0;
        int below = 0, upTo = 0;
        foreach (var value in first)
        {
            while (below < second.Length && second[below] < value) below++;
            while (upTo < second.Length && second[upTo] <= value) upTo++;
            wins += below + ((upTo - below) / 2.0);
        }

        return wins / ((double)first.Length * second.Length);
    }

    private static Dictionary<string, double> ByName(Func<int, double> value) =>
        Scores.Names.Select((name, i) => (name, Value: Math.Round(value(i), Digits))).ToDictionary(p => p.name, p => p.Value);

    private static Interval Middle95(double[] sorted) =>
        new(Math.Round(sorted[(int)(0.025 * (sorted.Length - 1))], Digits), Math.Round(sorted[(int)(0.975 * (sorted.Length - 1))], Digits));

    private static double Deviation(Scores[] folds, int metric)
    {
        var mean = folds.Average(f => f[metric]);
        return Math.Sqrt(folds.Average(f => (f[metric] - mean) * (f[metric] - mean)));
    }
}
