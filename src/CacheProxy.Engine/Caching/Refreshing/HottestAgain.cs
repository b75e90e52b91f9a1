using System.Threading.Channels;
using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Storage;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CacheProxy.Engine.Caching.Refreshing;

/// <summary>
/// The mode <c>refresh</c> of a purge: what it took is gone like after a hard one, and the hottest of it on this replica is fetched again,
/// the hottest first. The entries are found after the purge is in effect, while they still lie in memory, worth nothing.
/// </summary>
internal sealed class HottestAgain(
    MemoryTier memory, IInvalidationLog log, Refetcher refetcher, IEnumerable<EndpointDataSource> sources, ILogger<HottestAgain> logger) : BackgroundService
{
    /// <summary>The most entries that one purge fetches again.</summary>
    internal const int MaxAgain = 256;

    private readonly Channel<Invalidation.Invalidation> _purges = Channel.CreateBounded<Invalidation.Invalidation>(1_024);

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        // On the log's own thread: nothing but a note.
        log.Subscribe(purge =>
        {
            if (purge.Mode == InvalidationMode.Refresh) _purges.Writer.TryWrite(purge);
        });
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var purge in _purges.Reader.ReadAllAsync(stoppingToken)) FetchAgain(purge);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private void FetchAgain(Invalidation.Invalidation purge)
    {
        var match = new InvalidationMatch(purge);
        // By pattern: sources may make their endpoints anew at each look, from the patterns that they keep.
        var routes = sources.SelectMany(static source => source.Endpoints).OfType<RouteEndpoint>().Select(static endpoint => endpoint.RoutePattern).ToHashSet();
        var hottest = memory.Entries
            .Where(entry => entry.Hits > 0 && match.Matches(entry.Response.PrimaryKey, entry.Response.Tags))
            .Select(static entry => (Entry: entry, Request: KeptRequests.Of(entry)))
            // A route that a reload has replaced may lead elsewhere now.
            .Where(found => found.Request is { Endpoint: RouteEndpoint endpoint } && routes.Contains(endpoint.RoutePattern))
            .OrderByDescending(static found => found.Entry.Hits)
            .Take(MaxAgain)
            .ToList();
        foreach (var (entry, request) in hottest) refetcher.TryAsk(request!, FillKey.NamesOf(entry.Response));
        Log.FetchesAgain(logger, hottest.Count);
    }
}

internal static partial class Log
{
    [LoggerMessage(3101, LogLevel.Information, "A purge with mode refresh has the {Count} hottest of its entries fetched again")]
    public static partial void FetchesAgain(ILogger logger, int count);
}
