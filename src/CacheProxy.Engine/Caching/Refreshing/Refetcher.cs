using System.Collections.Immutable;
using System.Threading.Channels;
using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Invalidation;
using Microsoft.Extensions.Hosting;

namespace CacheProxy.Engine.Caching.Refreshing;

/// <summary>
/// Fetches what no client waits for: a few at a time, so that clients keep most of <c>Origin:MaxConcurrentFills</c>, through the ordinary
/// fills, so that clients who come meanwhile join, and one replica asks for all. Nothing starts without a lease: what would come of it
/// could not be told to be new.
/// </summary>
internal sealed class Refetcher(FillStarter starter, IInvalidationLog log, CacheHeaders headers, FillOptions options) : BackgroundService
{
    private const int MaxQueued = 10_000;
    private readonly Channel<Wanted> _queue = Channel.CreateBounded<Wanted>(MaxQueued);

    /// <summary>Queues a fetch.</summary>
    /// <param name="request">What to ask.</param>
    /// <param name="names">The request fields that are known to select.</param>
    /// <returns>False when the queue is full.</returns>
    public bool TryAsk(FillRequest request, ImmutableArray<string> names) => _queue.Writer.TryWrite(new(request, names));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var workers = Math.Max(1, options.MaxConcurrent / 4);
        try
        {
            await Parallel.ForEachAsync(
                _queue.Reader.ReadAllAsync(stoppingToken), new ParallelOptions { MaxDegreeOfParallelism = workers, CancellationToken = stoppingToken }, FetchAsync);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async ValueTask FetchAsync(Wanted wanted, CancellationToken cancellationToken)
    {
        var right = log.TakeRight(out var snapshot);
        if (right != ServingRight.Full) return;
        var (attendance, _) = starter.Obtain(wanted.Request, FillKey.Of(wanted.Request, wanted.Names, headers), null, right, snapshot, alone: false);
        using (attendance)
        {
            attendance.StopReading();
            await attendance.Fill.Completed.WaitAsync(cancellationToken);
        }
    }

    private readonly record struct Wanted(FillRequest Request, ImmutableArray<string> Names);
}
