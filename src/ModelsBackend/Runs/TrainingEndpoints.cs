using System.Security.Claims;
using CacheProxy.Client.Events;
using CacheProxy.Client.Outbox;
using Microsoft.EntityFrameworkCore;
using ModelsBackend.Data;
using ModelsBackend.Evaluation;
using ModelsBackend.Training;

namespace ModelsBackend.Runs;

/// <summary>What changes runs: each change is committed together with its event.</summary>
internal static class TrainingEndpoints
{
    private const int LongestName = 200;
    private static readonly TimeSpan s_waitForCaches = TimeSpan.FromSeconds(3);

    public static void Map(RouteGroupBuilder models)
    {
        models.MapGet("/available", Available);
        models.MapPost("/train", TrainAsync);
        models.MapPost("/train/{id}/retrain", RetrainAsync);
        models.MapPatch("/train/{id}", UpdateAsync);
        models.MapDelete("/train/{id}", DeleteAsync);
    }

    private static IResult Available() => Results.Ok(new AvailableModels(
        [.. Catalogue.ModelTypes.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => new ModelTypeInfo(m.Key, m.Value))],
        [.. Catalogue.Datasets.Values.OrderBy(d => d.Name, StringComparer.Ordinal).Select(d => new DatasetInfo(d.Name, d.Description, d.Features))],
        Scores.Names));

    private static async Task<IResult> TrainAsync(
        TrainRequest request, ClaimsPrincipal user, ModelsDatabase database, TrainingQueue queue, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (RunAccessRules.Subject(user) is not { } owner) return Problems.TokenRequired();
        var run = new ModelRun
        {
            Id = Guid.CreateVersion7().ToString("D"),
            Name = request.Name ?? $"{request.ModelType ?? Catalogue.FastTree} on {request.Dataset ?? "churn"}",
            Owner = owner,
            IsPublic = request.Public ?? false,
            ModelType = request.ModelType ?? Catalogue.FastTree,
            Dataset = request.Dataset ?? "churn",
            Trees = request.Parameters?.Trees ?? Catalogue.DefaultTrees,
            Leaves = request.Parameters?.Leaves ?? Catalogue.DefaultLeaves,
            Status = RunStatus.Queued,
            CreatedAt = clock.GetUtcNow(),
        };
        if (Complaint(run) is { } complaint) return Problems.Invalid(complaint);

        await using var context = await database.OpenAsync(cancellationToken);
        context.Runs.Add(run);
        await database.CommitAsync(context, run.Id, cancellationToken, CacheEventTypes.StatusChanged);
        queue.Add(run.Id);
        return Accepted(run.Id);
    }

    private static async Task<IResult> RetrainAsync(
        string id, ClaimsPrincipal user, ModelsDatabase database, TrainingQueue queue, CancellationToken cancellationToken)
    {
        await using var context = await database.OpenAsync(cancellationToken);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var (run, refusal) = await RunAccessRules.ChangeableAsync(context, id, user, demoToo: true, cancellationToken);
        if (run is null) return refusal!;
        if (run.Status is RunStatus.Queued or RunStatus.Training) return Problems.Conflict($"The run '{id}' is being trained already. Wait until its status says completed or failed.");

        run.Status = RunStatus.Queued;
        await database.CommitAsync(context, run.Id, cancellationToken, CacheEventTypes.StatusChanged);
        queue.Add(run.Id);
        return Accepted(run.Id);
    }

    private static async Task<IResult> UpdateAsync(
        string id, UpdateRequest request, ClaimsPrincipal user, ModelsDatabase database, OutboxProgress outbox, CancellationToken cancellationToken)
    {
        await using var context = await database.OpenAsync(cancellationToken);
        var (run, refusal) = await RunAccessRules.ChangeableAsync(context, id, user, demoToo: false, cancellationToken);
        if (run is null) return refusal!;
        run.Name = request.Name ?? run.Name;
        run.IsPublic = request.Public ?? run.IsPublic;
        if (Complaint(run) is { } complaint) return Problems.Invalid(complaint);
        await database.CommitAsync(context, run.Id, cancellationToken, CacheEventTypes.Updated);
        await outbox.WaitUntilDeliveredAsync(run.Id, s_waitForCaches, cancellationToken);
        return Results.Ok(RunSummaries.Of(run, user));
    }

    private static async Task<IResult> DeleteAsync(
        string id, ClaimsPrincipal user, ModelsDatabase database, OutboxProgress outbox, CancellationToken cancellationToken)
    {
        await using var context = await database.OpenAsync(cancellationToken);
        var (run, refusal) = await RunAccessRules.ChangeableAsync(context, id, user, demoToo: false, cancellationToken);
        if (run is null) return refusal!;
        context.Runs.Remove(run);
        try
        {
            await database.CommitAsync(context, run.Id, cancellationToken, CacheEventTypes.Deleted);
        }
        catch (DbUpdateConcurrencyException)
        {
            return Problems.NotFound(id);
        }

        // Who reads after the 204, through whichever replica, finds it gone. When a proxy is down, the outbox tells it later.
        await outbox.WaitUntilDeliveredAsync(run.Id, s_waitForCaches, cancellationToken);
        return Results.NoContent();
    }

    private static IResult Accepted(string id)
    {
        var url = $"/api/v1/models/train/{id}/status";
        return Results.Accepted(url, new RunAccepted(id, "queued", url));
    }

    private static string? Complaint(ModelRun run)
    {
        if (!Catalogue.ModelTypes.ContainsKey(run.ModelType)) return $"model_type is '{run.ModelType}': GET /api/v1/models/available lists the types.";
        if (!Catalogue.Datasets.ContainsKey(run.Dataset)) return $"dataset is '{run.Dataset}': GET /api/v1/models/available lists the datasets.";
        if (run.Trees is < 1 or > Catalogue.MostTrees) return $"parameters.trees is {run.Trees}: give 1 to {Catalogue.MostTrees}.";
        if (run.Leaves is < 2 or > Catalogue.MostLeaves) return $"parameters.leaves is {run.Leaves}: give 2 to {Catalogue.MostLeaves}.";
        return run.Name.Length is 0 or > LongestName ? $"name has {run.Name.Length} characters: give 1 to {LongestName}." : null;
    }
}
