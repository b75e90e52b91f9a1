using CacheProxy.Client.Events;
using CacheProxy.Client.Outbox;
using Microsoft.EntityFrameworkCore;

namespace ModelsBackend.Data;

/// <summary>The outbox in the runs' own database, so that a change and its event are one transaction.</summary>
public sealed class EfOutboxStore(IDbContextFactory<ModelsDbContext> contexts, WriteTurn writeTurn, TimeProvider clock) : IOutboxStore
{
    /// <summary>The row for an event, to be added to the context that makes the change.</summary>
    public static OutboxRow Row(string partition, CacheEvent cacheEvent, DateTimeOffset now) => new()
    {
        Partition = partition,
        EventId = cacheEvent.Id,
        Type = cacheEvent.Type,
        Body = cacheEvent.Body.ToArray(),
        CreatedAt = now,
    };

    public async Task EnqueueAsync(string partition, CacheEvent cacheEvent, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        context.Outbox.Add(Row(partition, cacheEvent, clock.GetUtcNow()));
        using var turn = await writeTurn.TakeAsync(cancellationToken);
        await context.SaveChangesAsync(cancellationToken);
    }

    public async Task<IReadOnlyList<OutboxMessage>> ReadPendingAsync(Uri target, DateTimeOffset now, int limit, CancellationToken cancellationToken)
    {
        var name = Name(target);
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await context.Outbox
            .Where(m => !m.Deliveries.Any(d => d.Target == name && (d.State != DeliveryState.SetAside || d.NotBefore > now)))
            .OrderBy(m => m.Sequence)
            .Take(limit)
            .Select(m => new { Row = m, Refusals = m.Deliveries.Where(d => d.Target == name).Select(d => d.Refusals).FirstOrDefault() })
            .AsNoTracking()
            .ToListAsync(cancellationToken);
        return [.. rows.Select(r => new OutboxMessage(
            r.Row.Sequence, r.Row.Partition, new CacheEvent(r.Row.EventId, r.Row.Type, r.Row.Body), r.Row.CreatedAt, r.Refusals))];
    }

    public Task MarkDeliveredAsync(long sequence, Uri target, IReadOnlyCollection<Uri> allTargets, CancellationToken cancellationToken) =>
        ChangeAsync(sequence, target, (context, message, delivery) =>
        {
            delivery.State = DeliveryState.Delivered;
            if (allTargets.All(t => message.Deliveries.Any(d => d.Target == Name(t) && d.State == DeliveryState.Delivered))) context.Remove(message);
        }, cancellationToken);

    public Task SetAsideAsync(long sequence, Uri target, DateTimeOffset until, string error, CancellationToken cancellationToken) =>
        ChangeAsync(sequence, target, (_, _, delivery) =>
        {
            delivery.State = DeliveryState.SetAside;
            delivery.Refusals++;
            delivery.NotBefore = until;
            delivery.LastError = error;
        }, cancellationToken);

    public Task MarkDeadAsync(long sequence, Uri target, string error, CancellationToken cancellationToken) =>
        ChangeAsync(sequence, target, (_, _, delivery) =>
        {
            delivery.State = DeliveryState.Dead;
            delivery.LastError = error;
        }, cancellationToken);

    public async Task<OutboxCounts> CountAsync(IReadOnlyCollection<Uri> targets, string? partition, CancellationToken cancellationToken)
    {
        var names = targets.Select(Name).ToArray();
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var messages = partition is null ? context.Outbox : context.Outbox.Where(m => m.Partition == partition);
        var pending = await messages.CountAsync(
            m => m.Deliveries.Count(d => names.Contains(d.Target) && d.State != DeliveryState.SetAside) < names.Length, cancellationToken);
        var dead = await messages.SelectMany(m => m.Deliveries).CountAsync(d => d.State == DeliveryState.Dead, cancellationToken);
        return new OutboxCounts(pending, dead);
    }

    public async Task<IReadOnlyList<DeadLetter>> ReadDeadAsync(int limit, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await context.Outbox
            .SelectMany(m => m.Deliveries.Where(d => d.State == DeliveryState.Dead), (m, d) => new { m.Sequence, m.Partition, m.EventId, m.Type, m.CreatedAt, d.Target, d.LastError })
            .OrderBy(r => r.Sequence)
            .Take(limit)
            .ToListAsync(cancellationToken);
        return [.. rows.Select(r => new DeadLetter(r.Sequence, r.Partition, r.EventId, r.Type, new Uri(r.Target), r.CreatedAt, r.LastError ?? ""))];
    }

    public async Task<int> RedeliverAsync(long? sequence, DateTimeOffset now, CancellationToken cancellationToken)
    {
        using var turn = await writeTurn.TakeAsync(cancellationToken);
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var dead = context.Deliveries.Where(d => d.State == DeliveryState.Dead && (sequence == null || d.Sequence == sequence));
        await context.Outbox.Where(m => dead.Any(d => d.Sequence == m.Sequence)).ExecuteUpdateAsync(m => m.SetProperty(r => r.CreatedAt, now), cancellationToken);
        var count = await dead.ExecuteDeleteAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return count;
    }

    // SQLite's transactions are immediate: two targets that mark one event at once cannot overlook each other.
    private async Task ChangeAsync(
        long sequence, Uri target, Action<ModelsDbContext, OutboxRow, DeliveryRow> change, CancellationToken cancellationToken)
    {
        var name = Name(target);
        using var turn = await writeTurn.TakeAsync(cancellationToken);
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var message = await context.Outbox.Include(m => m.Deliveries).SingleOrDefaultAsync(m => m.Sequence == sequence, cancellationToken);
        if (message is null) return;
        var delivery = message.Deliveries.Find(d => d.Target == name);
        if (delivery is null) message.Deliveries.Add(delivery = new DeliveryRow { Target = name });
        change(context, message, delivery);
        await context.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static string Name(Uri target) => target.AbsoluteUri;
}
