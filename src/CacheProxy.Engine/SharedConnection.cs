using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Redis;
using CacheProxy.Engine.Storage;
using Microsoft.Extensions.Hosting;

namespace CacheProxy.Engine;

/// <summary>
/// Connects the shared tier at start, for at most 1 s without a server, and goes once through what each fill does with it: compiling that
/// takes longer than <c>Redis:Timeout</c> on a busy machine, and the first fill would go without the other replicas.
/// </summary>
internal sealed class SharedConnection(RedisConnections connections, SharedTier tier, IFillLock replicas) : IHostedService
{
    private static readonly Position s_nowhere = new(new Epoch(0, ""), 0);
    private Task _rehearsal = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await connections.GetSharedAsync();
        _rehearsal = RehearseAsync();
    }

    // What a rehearsal meets the first fill will meet, and bear.
    public async Task StopAsync(CancellationToken cancellationToken) => await _rehearsal.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private async Task RehearseAsync()
    {
        // A name of its own: replicas that start together do not meet.
        var name = $"rehearsal:{Guid.NewGuid():N}";
        await tier.FindAsync(new SharedQuery(name, default, default, static _ => null));
        if ((await replicas.TryTakeAsync(name, s_nowhere)).Held is not { } held) return;
        await using (held) await replicas.TryTakeAsync(name, s_nowhere);
    }
}
