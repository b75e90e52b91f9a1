using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Storage;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>
/// What a fill asks the other replicas before it asks the origin: is it stored already, and is somebody filling it right now?
/// Everything found is checked under the fill's own position, like any entry (INVALIDATION 3).
/// </summary>
internal sealed class SharedFills(SharedTier? tier, IFillLock? replicas, MemoryTier memory, CacheHeaders headers, TimeProvider time)
{
    private const int MaxLooks = 3;

    public async ValueTask<SharedTurn> TakeTurnAsync(Fill fill)
    {
        var stored = fill.Stored is { } known && fill.Snapshot is { } snapshot && known.Check(snapshot) != Verdict.Invalid ? known : null;
        if (tier is null || fill.Snapshot is null) return new SharedTurn(null, null, SharedRecord.Empty, null, stored);
        if (!fill.MayUseStored) return new SharedTurn(tier, null, SharedRecord.Empty, null, stored);

        SharedLookup? found = null;
        MemoryEntry? fresh = null, stale = stored;
        // What had nothing just now is asked again once this is the fill that would go on.
        if (!fill.Request.HasLooked || replicas is null || !fill.IsShared)
        {
            (found, fresh, stale) = await LookAsync(fill, fill.Snapshot, stored);
            if (fresh is null && stale is not null && stale != stored) stale = ServeMeanwhile(fill, stale);
            if (fresh is not null || replicas is null || !fill.IsShared) return new SharedTurn(tier, null, found.Record, fresh, stale);
        }
        while (true)
        {
            var attempt = await replicas.TryTakeAsync(fill.Key.ToString(), fill.Snapshot.Position);
            if (attempt.Held is { } held)
            {
                // Somebody may have stored it between our look and our lock.
                (found, fresh, stale) = await LookAsync(fill, fill.Snapshot, stored);
                if (fresh is not null) held.News = FillLockNews.Stored;
                return new SharedTurn(tier, held, found.Record, fresh, stale);
            }
            // A holder that started before a purge would not help us (and we would wait for it in vain, again and again).
            var helps = attempt.Holder is { } holder && fill.Snapshot.Check(holder, fill.Plan.PrimaryKey, fill.Plan.Tags) == Verdict.Valid;
            if (!helps)
            {
                if (found is null) (found, fresh, stale) = await LookAsync(fill, fill.Snapshot, stored);
                return new SharedTurn(tier, null, found.Record, fresh, stale);
            }
            var news = await replicas.WaitAsync(fill.Key.ToString(), fill.Abandoned);
            if (news is FillLockNews.NotStored or FillLockNews.Unknown) return new SharedTurn(tier, null, found?.Record ?? SharedRecord.Empty, null, stale);
            // What was stored for us is worth another question.
            for (var look = 0; look < MaxLooks && (look == 0 || found!.IsUnanswered); look++)
                (found, fresh, stale) = await LookAsync(fill, fill.Snapshot, stored);
            if (fresh is not null || news == FillLockNews.Stored) return new SharedTurn(tier, null, found!.Record, fresh, stale);
        }
    }

    /// <summary>
    /// Stale, but within its window: whoever waits has it at once, and the fill goes on behind them. Not behind a soft purge: nobody here
    /// knows since when.
    /// </summary>
    private MemoryEntry ServeMeanwhile(Fill fill, MemoryEntry stale)
    {
        if (stale.IsBehindPurge || Reuse.ServesStale(stale, fill.Request.Directives, fill.Request.Headers) is not { } reason) return stale;
        var entry = memory.Add(stale.Response);
        fill.Decide(new FillOutcome.Serving(entry, CacheResult.Stale, reason));
        return entry;
    }

    private async Task<(SharedLookup Found, MemoryEntry? Fresh, MemoryEntry? Stale)> LookAsync(Fill fill, Snapshot snapshot, MemoryEntry? stored)
    {
        var request = fill.Request;
        var found = await tier!.FindAsync(new RequestSelection(request.Headers, fill.Plan.Policy, headers).QueryOf(fill.Plan));
        if (found.YoungestValid(snapshot, time) is not { } best) return (found, null, stored);
        if (Reuse.Answers(best, snapshot, request.Directives, request.Method, request.Headers, time)) return (found, memory.Add(best), stored);
        return (found, null, stored is null || best.Response.ResponseTime > stored.Response.ResponseTime ? best : stored);
    }
}

/// <summary>A fill's turn: what was found, and how to tell the others what comes of it.</summary>
/// <param name="tier">Where to store; <see langword="null"/> without a shared tier.</param>
/// <param name="held">The lock over all replicas, if this fill has it.</param>
/// <param name="record">What stands under the key's own name.</param>
/// <param name="fresh">A fresh response: the fill ends with it.</param>
/// <param name="stale">A response to validate or fall back on.</param>
internal sealed class SharedTurn(SharedTier? tier, IHeldFillLock? held, SharedRecord record, MemoryEntry? fresh, MemoryEntry? stale) : IAsyncDisposable
{
    public MemoryEntry? Fresh => fresh;

    public MemoryEntry? Stale => stale;

    /// <summary>Whether there is anybody to be told.</summary>
    public bool HasOthers => tier is not null;

    public async Task StoreAsync(StoredResponse response)
    {
        if (tier is not null) await tier.StoreAsync(response, record);
        if (held is not null) held.News = FillLockNews.Stored;
    }

    /// <param name="ended">What was stored and answers no more.</param>
    public async Task NotStoredAsync(StoredResponse? ended)
    {
        if (tier is not null && ended is not null) await tier.ForgetAsync(ended, record);
        if (held is not null) held.News = FillLockNews.NotStored;
    }

    public ValueTask DisposeAsync() => held?.DisposeAsync() ?? ValueTask.CompletedTask;
}
