using CacheProxy.Client.Events;
using CacheProxy.Client.Outbox;

namespace CacheProxy.Client.Tests.Outbox;

/// <summary>A store that outlives the delivery as a database does, with a switch for a crash between sending and marking.</summary>
internal sealed class MemoryOutbox : IOutboxStore
{
    private readonly Lock _lock = new();
    private readonly List<Item> _items = [];
    private long _last;

    /// <summary>Called before an event is marked as delivered; throws for a crash.</summary>
    public Action BeforeMark { get; set; } = () => { };

    public int Count
    {
        get
        {
            lock (_lock) return _items.Count;
        }
    }

    public void Add(string partition, CacheEvent cacheEvent, DateTimeOffset createdAt)
    {
        lock (_lock) _items.Add(new Item(new OutboxMessage(++_last, partition, cacheEvent, createdAt, 0)));
    }

    public Task EnqueueAsync(string partition, CacheEvent cacheEvent, CancellationToken cancellationToken)
    {
        Add(partition, cacheEvent, DateTimeOffset.UnixEpoch);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<OutboxMessage>> ReadPendingAsync(Uri target, DateTimeOffset now, int limit, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult<IReadOnlyList<OutboxMessage>>([.. _items
                .Where(i => !i.Done.Contains(target) && !i.Dead.ContainsKey(target) && i.NotBefore.GetValueOrDefault(target) <= now)
                .Take(limit)
                .Select(i => i.Message with { Refusals = i.Refusals.GetValueOrDefault(target) })]);
        }
    }

    public Task MarkDeliveredAsync(long sequence, Uri target, IReadOnlyCollection<Uri> allTargets, CancellationToken cancellationToken)
    {
        BeforeMark();
        lock (_lock)
        {
            var item = Find(sequence);
            item.Done.Add(target);
            if (allTargets.All(item.Done.Contains)) _items.Remove(item);
        }

        return Task.CompletedTask;
    }

    public Task SetAsideAsync(long sequence, Uri target, DateTimeOffset until, string error, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var item = Find(sequence);
            item.NotBefore[target] = until;
            item.Refusals[target] = item.Refusals.GetValueOrDefault(target) + 1;
        }

        return Task.CompletedTask;
    }

    public Task MarkDeadAsync(long sequence, Uri target, string error, CancellationToken cancellationToken)
    {
        lock (_lock) Find(sequence).Dead[target] = error;
        return Task.CompletedTask;
    }

    public Task<OutboxCounts> CountAsync(IReadOnlyCollection<Uri> targets, string? partition, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var items = _items.Where(i => partition is null || i.Message.Partition == partition).ToArray();
            return Task.FromResult(new OutboxCounts(
                items.Count(i => targets.Any(t => !i.Done.Contains(t) && !i.Dead.ContainsKey(t))), items.Sum(i => i.Dead.Count)));
        }
    }

    public Task<IReadOnlyList<DeadLetter>> ReadDeadAsync(int limit, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult<IReadOnlyList<DeadLetter>>([.. _items.SelectMany(i => i.Dead.Select(d => new DeadLetter(
                i.Message.Sequence, i.Message.Partition, i.Message.Event.Id, i.Message.Event.Type, d.Key, i.Message.CreatedAt, d.Value))).Take(limit)]);
        }
    }

    public Task<int> RedeliverAsync(long? sequence, DateTimeOffset now, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var dead = _items.Where(i => i.Dead.Count > 0 && (sequence is null || i.Message.Sequence == sequence)).ToArray();
            var count = dead.Sum(i => i.Dead.Count);
            foreach (var item in dead)
            {
                item.Dead.Clear();
                item.Refusals.Clear();
                item.NotBefore.Clear();
                item.Message = item.Message with { CreatedAt = now };
            }

            return Task.FromResult(count);
        }
    }

    private Item Find(long sequence) => _items.Single(i => i.Message.Sequence == sequence);

    private sealed class Item(OutboxMessage message)
    {
        public OutboxMessage Message { get; set; } = message;

        public HashSet<Uri> Done { get; } = [];

        public Dictionary<Uri, string> Dead { get; } = [];

        public Dictionary<Uri, DateTimeOffset> NotBefore { get; } = [];

        public Dictionary<Uri, int> Refusals { get; } = [];
    }
}
