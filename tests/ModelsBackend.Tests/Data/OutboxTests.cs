using CacheProxy.Client.Events;
using CacheProxy.Client.Outbox;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using ModelsBackend.Data;

namespace ModelsBackend.Tests.Data;

public class OutboxTests(Backend backend) : IClassFixture<Backend>
{
    private static readonly Uri s_one = new("http://one.test/");
    private static readonly Uri s_two = new("http://two.test/");
    private readonly IOutboxStore _store = backend.Services.GetRequiredService<IOutboxStore>();
    private readonly ModelsDatabase _database = backend.Services.GetRequiredService<ModelsDatabase>();

    [Fact]
    public async Task Change_ThatCannotBeSaved_LeavesNoEvent()
    {
        await using var context = await _database.OpenAsync(CancellationToken.None);
        context.Runs.Add(Run("abc-123"));
        await Assert.ThrowsAsync<DbUpdateException>(() => _database.CommitAsync(context, "abc-123", CancellationToken.None, "rolled.back"));
        Assert.False(await AnyEventAsync("rolled.back"));
    }

    [Fact]
    public async Task Event_ThatCannotBeSaved_LeavesNoChange()
    {
        await using (var context = await _database.OpenAsync(CancellationToken.None))
        {
            var run = Run("never-" + Guid.NewGuid().ToString("N"));
            context.Runs.Add(run);
            await using var transaction = await context.Database.BeginTransactionAsync();
            await context.Database.ExecuteSqlRawAsync("CREATE TRIGGER refuse BEFORE INSERT ON Outbox WHEN NEW.Type = 'refused' BEGIN SELECT RAISE(ABORT, 'disk full'); END;");
            await Assert.ThrowsAsync<DbUpdateException>(() => _database.CommitAsync(context, run.Id, CancellationToken.None, "refused"));
        }

        await using var after = await _database.OpenAsync(CancellationToken.None);
        Assert.False(await after.Runs.AnyAsync(r => r.Id.StartsWith("never-")));
    }

    [Fact]
    public async Task Targets_Each_HaveTheirOwnProgressAndTheLastOneRemovesTheEvent()
    {
        // The backend delivers to its own target meanwhile; what that one takes, being its only one, is gone.
        backend.Proxy = static context =>
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return Task.CompletedTask;
        };
        var cacheEvent = CacheEvent.OfModel("x", "two-targets", TimeProvider.System);
        var now = TimeProvider.System.GetUtcNow();
        await using (var context = await _database.OpenAsync(CancellationToken.None))
        {
            context.Outbox.Add(EfOutboxStore.Row("two-targets", cacheEvent, now));
            await context.SaveChangesAsync();
        }

        Uri[] targets = [s_one, s_two];
        var message = await PendingAsync(s_one);
        Assert.Equal((cacheEvent.Id, cacheEvent.Body.ToArray().Length), (message!.Event.Id, message.Event.Body.Length));
        await _store.MarkDeliveredAsync(message.Sequence, s_one, targets, CancellationToken.None);
        Assert.Null(await PendingAsync(s_one));
        Assert.Equal(1, (await _store.CountAsync(targets, "two-targets", CancellationToken.None)).Pending);

        await _store.SetAsideAsync(message.Sequence, s_two, now.AddHours(1), "422", CancellationToken.None);
        Assert.Null(await PendingAsync(s_two));
        Assert.Equal(1, (await PendingAsync(s_two, now.AddHours(2)))!.Refusals);

        await _store.MarkDeadAsync(message.Sequence, s_two, "422", CancellationToken.None);
        Assert.Equal(new OutboxCounts(0, 1), await _store.CountAsync(targets, "two-targets", CancellationToken.None));
        Assert.Equal((s_two, "422"), (await _store.ReadDeadAsync(10, CancellationToken.None)).Where(d => d.Partition == "two-targets").Select(d => (d.Target, d.LastError)).Single());
        Assert.Equal(1, await _store.RedeliverAsync(message.Sequence, now, CancellationToken.None));
        Assert.Equal(0, (await PendingAsync(s_two))!.Refusals);

        await _store.MarkDeliveredAsync(message.Sequence, s_two, targets, CancellationToken.None);
        Assert.False(await AnyEventAsync("x"));
    }

    private async Task<OutboxMessage?> PendingAsync(Uri target, DateTimeOffset? now = null) =>
        (await _store.ReadPendingAsync(target, now ?? TimeProvider.System.GetUtcNow(), 100, CancellationToken.None)).SingleOrDefault(m => m.Partition == "two-targets");

    private async Task<bool> AnyEventAsync(string type)
    {
        await using var context = await _database.OpenAsync(CancellationToken.None);
        return await context.Outbox.AnyAsync(m => m.Type == type);
    }

    private static ModelRun Run(string id) => new() { Id = id, Name = id, ModelType = "fast_tree", Dataset = "churn", CreatedAt = TimeProvider.System.GetUtcNow() };
}
