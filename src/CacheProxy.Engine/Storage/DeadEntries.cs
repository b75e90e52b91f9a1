using System.Threading.Channels;
using CacheProxy.Engine.Invalidation;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis;

namespace CacheProxy.Engine.Storage;

/// <summary>
/// Removes what purges have made worthless, behind their acknowledgement (INVALIDATION 4.5): from memory, and from the shared tier by name
/// and by pattern; what was purged by tag is found there only where this replica's memory knows its name, and dies otherwise at its next
/// lookup or by its TTL. Correctness never waits for it: it may be late, and when purges come faster than it works it forgets some.
/// </summary>
internal sealed class DeadEntries : BackgroundService
{
    private const int Backlog = 4_096;

    // Walks over Redis pass all that it holds: however much that is, and however fast purges come, they take a twentieth of the time at most.
    // What they find is removed besides: that is no more than was stored.
    private const int Rest = 19;

    // Clear and PURGE count what they take for up to 5 s after the acknowledgement; this must not take it away before them.
    private static readonly TimeSpan s_delay = TimeSpan.FromSeconds(6);
    private readonly Channel<(long Heard, Invalidation.Invalidation Purge)> _purges = Channel.CreateBounded<(long, Invalidation.Invalidation)>(
        new BoundedChannelOptions(Backlog) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
    private readonly MemoryTier _memory;
    private readonly SharedNames? _shared;
    private readonly IInvalidationLog _log;
    private readonly TimeProvider _time;

    public DeadEntries(MemoryTier memory, SharedNames? shared, IInvalidationLog log, TimeProvider time)
    {
        (_memory, _shared, _log, _time) = (memory, shared, log, time);
        log.Subscribe(Hear);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (await _purges.Reader.WaitToReadAsync(stoppingToken))
            {
                if (_purges.Reader.TryPeek(out var first) && s_delay - _time.GetElapsedTime(first.Heard) is var wait && wait > TimeSpan.Zero)
                    // Purges of a moment are gathered: what is removed is invalid already, so nobody waits for this.
                    await Task.Delay(wait, _time, stoppingToken);
                // One walk over memory serves all purges that are old enough by now.
                var batch = new List<Invalidation.Invalidation>();
                while (_purges.Reader.TryPeek(out var next) && _time.GetElapsedTime(next.Heard) >= s_delay && _purges.Reader.TryRead(out next)) batch.Add(next.Purge);
                if (batch.Count == 0) continue;
                var walked = await RemoveAsync(batch, stoppingToken);
                // So many times as long as the walk took: Redis has its clients to serve, and nobody waits for this.
                await Task.Delay(Rest * walked, _time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    // On the log's own thread.
    private void Hear(Invalidation.Invalidation purge)
    {
        if (purge.Mode != InvalidationMode.Soft) _purges.Writer.TryWrite((_time.GetTimestamp(), purge));
    }

    /// <returns>How long the walks took, over memory and over Redis.</returns>
    private async Task<TimeSpan> RemoveAsync(List<Invalidation.Invalidation> batch, CancellationToken cancellationToken)
    {
        var all = new Invalidation.Invalidation
        {
            Keys = [.. batch.SelectMany(static purge => purge.Keys).Distinct()],
            Tags = [.. batch.SelectMany(static purge => purge.Tags).Distinct()],
            Patterns = [.. batch.SelectMany(static purge => purge.Patterns).Distinct()],
            Everything = batch.Exists(static purge => purge.Everything),
        };
        var match = new InvalidationMatch(all);
        var began = _time.GetTimestamp();
        var (dead, alive) = Sort(match);
        var walked = _time.GetElapsedTime(began);
        if (_shared is null) return walked;
        try
        {
            dead.UnionWith(all.Keys);
            // What was stored again meanwhile stands under the same name.
            dead.ExceptWith(alive);
            await _shared.RemoveAsync(dead);
            if ((all.Everything || !all.Patterns.IsEmpty) && match.Prefix is { } prefix) walked += await WalkAsync(_shared, match, prefix, alive, cancellationToken);
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            // What stays is worthless and has its TTL.
        }
        return walked;
    }

    // Page by page: Redis may hold more names than this process has memory for.
    private async Task<TimeSpan> WalkAsync(SharedNames shared, InvalidationMatch match, string prefix, HashSet<string> alive, CancellationToken cancellationToken)
    {
        var (walked, since) = (TimeSpan.Zero, _time.GetTimestamp());
        var page = new List<string>(SharedNames.PageSize);
        await foreach (var name in shared.ScanOnceAsync(prefix, cancellationToken))
        {
            if (!match.Matches(EntryCatalog.PrimaryKeyOf(name), []) || alive.Contains(name)) continue;
            page.Add(name);
            if (page.Count < SharedNames.PageSize) continue;
            walked += _time.GetElapsedTime(since);
            await shared.RemoveAsync(page);
            page.Clear();
            since = _time.GetTimestamp();
        }
        walked += _time.GetElapsedTime(since);
        await shared.RemoveAsync(page);
        return walked;
    }

    private (HashSet<string> Dead, HashSet<string> Alive) Sort(InvalidationMatch match)
    {
        var dead = new HashSet<string>(StringComparer.Ordinal);
        var alive = new HashSet<string>(StringComparer.Ordinal);
        if (_log.Current is not { } snapshot) return (dead, alive);
        foreach (var entry in _memory.Entries)
        {
            if (!match.Matches(entry.Response.PrimaryKey, entry.Response.Tags)) continue;
            var name = VariantName.OfStored(entry.Response);
            if (entry.Check(snapshot) != Verdict.Invalid)
            {
                alive.Add(name);
                continue;
            }
            dead.Add(name);
            _memory.Remove(entry, "purged");
        }
        return (dead, alive);
    }
}
