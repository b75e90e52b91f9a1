using System.Security.Claims;
using CacheProxy.Client.Outbox;
using ModelsBackend.Data;

namespace ModelsBackend.Runs;

/// <summary>How a run looks to a caller.</summary>
internal static class RunSummaries
{
    // A proxy that is down must not keep a finished run from being finished.
    private static readonly TimeSpan s_longestFinishing = TimeSpan.FromSeconds(5);

    public static RunSummary Of(ModelRun run, ClaimsPrincipal user) => new(
        run.Id, run.Name, run.ModelType, run.Dataset, Name(run.Status), run.Version, run.IsPublic,
        run.Owner is not null && run.Owner == RunAccessRules.Subject(user), run.CreatedAt);

    public static string Name(RunStatus status) => status switch
    {
        RunStatus.Queued => "queued",
        RunStatus.Training => "training",
        RunStatus.Completed => "completed",
        _ => "failed",
    };

    /// <summary>
    /// <c>finishing</c> until the proxies have confirmed the purge, for at most 5 s: who waits for <c>completed</c> and then asks, through whichever
    /// replica, gets the new numbers.
    /// </summary>
    public static async Task<string> StatusAsync(ModelRun run, OutboxProgress outbox, TimeProvider clock, CancellationToken cancellationToken)
    {
        var isFresh = run.Status is RunStatus.Completed or RunStatus.Failed && clock.GetUtcNow() - run.FinishedAt < s_longestFinishing;
        return isFresh && !await outbox.IsDeliveredAsync(run.Id, cancellationToken) ? "finishing" : Name(run.Status);
    }
}
