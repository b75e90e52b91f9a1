using System.Globalization;
using System.Security.Claims;
using CacheProxy.Client.Outbox;
using Microsoft.EntityFrameworkCore;
using ModelsBackend.Data;
using ModelsBackend.Training;

namespace ModelsBackend.Runs;

/// <summary>What reads runs from the database: cheap.</summary>
internal static class ReadingEndpoints
{
    private const int DefaultPage = 50;
    private const int LargestPage = 200;

    public static void Map(RouteGroupBuilder models)
    {
        models.MapGet("/runs", ListAsync);
        models.MapGet("/train/{id}/status", StatusAsync);
        models.MapGet("/train/{id}/result", ResultAsync);
        models.MapGet("/train/{id}/access", AccessAsync);
    }

    private static async Task<IResult> ListAsync(
        string? limit, string? offset, ClaimsPrincipal user, ModelsDatabase database, CancellationToken cancellationToken)
    {
        if (!TryRead(limit, DefaultPage, 1, LargestPage, out var take)) return Problems.Invalid($"limit is '{limit}': give 1 to {LargestPage}.");
        if (!TryRead(offset, 0, 0, int.MaxValue, out var skip)) return Problems.Invalid($"offset is '{offset}': give 0 or more.");
        var subject = RunAccessRules.Subject(user);
        await using var context = await database.OpenAsync(cancellationToken);
        var visible = context.Runs.AsNoTracking().Where(r => r.IsPublic || (r.Owner != null && r.Owner == subject));
        var runs = await visible.OrderBy(r => r.CreatedAt).ThenBy(r => r.Id).Skip(skip).Take(take).ToListAsync(cancellationToken);
        return Results.Ok(new RunList(await visible.CountAsync(cancellationToken), [.. runs.Select(r => RunSummaries.Of(r, user))]));
    }

    private static async Task<IResult> StatusAsync(
        string id, ClaimsPrincipal user, ModelsDatabase database, OutboxProgress outbox, TimeProvider clock, CancellationToken cancellationToken)
    {
        await using var context = await database.OpenAsync(cancellationToken);
        var (run, refusal) = await RunAccessRules.VisibleAsync(context, id, user, cancellationToken);
        if (run is null) return refusal!;
        return Results.Ok(new RunState(run.Id, await RunSummaries.StatusAsync(run, outbox, clock, cancellationToken), run.Version, run.Error));
    }

    private static async Task<IResult> ResultAsync(string id, ClaimsPrincipal user, ModelsDatabase database, CancellationToken cancellationToken)
    {
        await using var context = await database.OpenAsync(cancellationToken);
        var (run, refusal) = await RunAccessRules.VisibleAsync(context, id, user, cancellationToken);
        if (run is null) return refusal!;
        if (run.Version == 0) return Unfinished(run);
        return Results.Ok(new RunResult(
            run.Id, run.Version, run.Name, run.ModelType, run.Dataset, new TrainParameters(run.Trees, run.Leaves), TrainingData.Rows,
            Catalogue.Datasets[run.Dataset].Features, run.TrainingSeconds, run.FinishedAt, run.Model?.Length ?? 0));
    }

    private static async Task<IResult> AccessAsync(string id, ClaimsPrincipal user, ModelsDatabase database, CancellationToken cancellationToken)
    {
        await using var context = await database.OpenAsync(cancellationToken);
        var (run, refusal) = await RunAccessRules.VisibleAsync(context, id, user, cancellationToken);
        return run is null ? refusal! : Results.Ok(new RunAccess(run.Id, run.IsPublic ? "public" : "owner"));
    }

    public static IResult Unfinished(ModelRun run) => Problems.Conflict(
        run.Status == RunStatus.Failed ? $"The run '{run.Id}' failed: {run.Error}" : $"The run '{run.Id}' has no result yet: its status is {RunSummaries.Name(run.Status)}.");

    public static bool TryRead(string? text, int fallback, int least, int most, out int value)
    {
        value = fallback;
        return text is null || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= least && value <= most);
    }
}
