using CacheProxy.Engine.Invalidation;
using Microsoft.Extensions.Hosting;

namespace CacheProxy.Engine.Storage;

/// <summary>
/// Gives memory back from entries that nobody will ask for again: those past their use and those that a purge has made worthless.
/// Correctness never waits for it.
/// </summary>
internal sealed class MemorySweeper(MemoryTier memory, IInvalidationLog log, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(5);

    // A client may take what is stale (max-stale), and a HEAD may freshen it: neither is to be a matter of when the sweeper came by.
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(30);

    private long _windowMoved = time.GetTimestamp();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) Sweep();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    internal void Sweep()
    {
        var snapshot = log.Current;
        var moves = time.GetElapsedTime(_windowMoved) >= MemoryEntry.HitWindow;
        if (moves) _windowMoved = time.GetTimestamp();
        foreach (var entry in memory.Entries)
        {
            if (moves) entry.MoveHitWindow();
            if (entry.Age - entry.Response.InitialAge >= entry.Response.Usefulness + s_grace) memory.Remove(entry, "expired");
            else if (snapshot is not null && entry.Check(snapshot) == Verdict.Invalid) memory.Remove(entry, "purged");
        }
    }
}
