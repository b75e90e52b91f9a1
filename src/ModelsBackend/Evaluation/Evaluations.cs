using ModelsBackend.Data;

namespace ModelsBackend.Evaluation;

/// <summary>Runs evaluations beside the requests: at most one per core at once, so that status and health are still answered meanwhile.</summary>
public sealed class Evaluations(Calibration calibration) : IDisposable
{
    private readonly SemaphoreSlim _cores = new(Environment.ProcessorCount);

    public int Rounds => calibration.Row.Rounds;

    public int Repeats => calibration.Row.Repeats;

    public int Permutations => calibration.Row.Permutations;

    public Task<RunEvaluation> EvaluateAsync(ModelRun run, CancellationToken cancellationToken) =>
        OnACoreAsync(() => RunEvaluator.Evaluate(run, Repeats, Rounds, cancellationToken), cancellationToken);

    public Task<IReadOnlyList<FeatureWeight>> ImportanceAsync(ModelRun run, CancellationToken cancellationToken) =>
        OnACoreAsync(() => ImportanceEvaluator.Evaluate(run, Permutations), cancellationToken);

    public void Dispose() => _cores.Dispose();

    private async Task<T> OnACoreAsync<T>(Func<T> work, CancellationToken cancellationToken)
    {
        await _cores.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(work, cancellationToken);
        }
        finally
        {
            _cores.Release();
        }
    }
}
