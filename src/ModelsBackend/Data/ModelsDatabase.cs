using CacheProxy.Client.Events;
using CacheProxy.Client.Outbox;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace ModelsBackend.Data;

/// <summary>Opens the database and commits changes together with their events.</summary>
public sealed class ModelsDatabase(IDbContextFactory<ModelsDbContext> contexts, WriteTurn writeTurn, OutboxSignal signal, TimeProvider clock)
{
    public Task<ModelsDbContext> OpenAsync(CancellationToken cancellationToken) => contexts.CreateDbContextAsync(cancellationToken);

    /// <summary>Makes the file, its folder and its tables, where they are missing.</summary>
    public async Task CreateAsync(CancellationToken cancellationToken)
    {
        await using var context = await OpenAsync(cancellationToken);
        var file = new SqliteConnectionStringBuilder(context.Database.GetConnectionString()).DataSource;
        if (Path.GetDirectoryName(Path.GetFullPath(file)) is { } folder) Directory.CreateDirectory(folder);
        await context.Database.EnsureCreatedAsync(cancellationToken);

        // Readers go on while a training's result is written.
        await context.Database.ExecuteSqlRawAsync("PRAGMA journal_mode=WAL;", cancellationToken);
    }

    /// <summary>
    /// Saves what the context changed and one event per type, in one transaction; the delivery starts after the commit. The proxy must never be
    /// told before: it would fetch the old numbers again and keep them.
    /// </summary>
    public async Task CommitAsync(ModelsDbContext context, string runId, CancellationToken cancellationToken, params string[] eventTypes)
    {
        var now = clock.GetUtcNow();
        foreach (var type in eventTypes) context.Outbox.Add(EfOutboxStore.Row(runId, CacheEvent.OfModel(type, runId, clock), now));
        if (context.Database.CurrentTransaction is { } transaction)
        {
            // It has the database already: to wait for the turn now would be to wait for somebody who waits for the database.
            await context.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
        else
        {
            using var turn = await writeTurn.TakeAsync(cancellationToken);
            await context.SaveChangesAsync(cancellationToken);
        }

        signal.Raise();
    }
}
