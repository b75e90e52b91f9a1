using CacheProxy.Engine.Caching.Refreshing;
using CacheProxy.Engine.Caching.Serving;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Storage;
using CacheProxy.Engine.Telemetry;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>Asks the origin for a fill, and stores what came, on proof that it is complete.</summary>
internal sealed class FillOrigin(IOrigin origin, CacheHeaders headers, HeadDecision decision, MemoryTier memory, Compressor compressor, CacheMetrics metrics, TimeProvider time)
{
    /// <param name="fill">The fill; its outcome is decided when the head is there, and its body ended when this returns.</param>
    /// <param name="stored">A valid stored response to validate or to fall back on.</param>
    /// <returns>What was stored in memory and is to be stored for the others; <see langword="null"/> for nothing.</returns>
    public async Task<StoredResponse?> FetchAsync(Fill fill, MemoryEntry? stored)
    {
        var started = time.GetTimestamp();
        fill.Fallback = stored;
        var sink = new Sink(decision, fill, stored, time.GetUtcNow());
        var result = await origin.SendAsync(RequestFor(fill, stored), sink, fill.Abandoned);
        var took = time.GetElapsedTime(started);
        metrics.OriginDuration.WithLabels(fill.Plan.Policy.Name, DecisionTable.Kebab(result.ToString())).Observe(took.TotalSeconds);

        if (sink.Head is not { } head)
        {
            fill.Body.End(broken: true);
            fill.Decide(HeadDecision.StaleInsteadOf(stored, FailureOf(result)));
            return null;
        }
        if (head.Freshened is not null || head.Prototype is null)
        {
            fill.Body.End(broken: result != OriginResult.Complete);
            return head.Freshened;
        }
        return Store(fill, head.Prototype with { FillTime = took }, result);
    }

    private StoredResponse? Store(Fill fill, StoredResponse prototype, OriginResult result)
    {
        var complete = result == OriginResult.Complete;
        if (!complete || !fill.Body.IsWhole)
        {
            fill.Body.End(broken: !complete);
            decision.Count(fill, complete ? Storable.TooLarge : Storable.Incomplete);
            return null;
        }
        var response = BodyTag.Add(prototype with { Body = fill.Body.ToMemory() });
        var entry = memory.Add(response);
        fill.Body.End(broken: false);
        fill.Complete(entry);
        KeptRequest.Keep(entry, fill.Request, headers);
        memory.Recount(entry);
        compressor.Consider(entry, fill.Request.Headers.AcceptEncoding);
        return response;
    }

    private static FillFailure FailureOf(OriginResult result) => result switch
    {
        OriginResult.TimedOut => FillFailure.TimedOut,
        OriginResult.Canceled => FillFailure.Canceled,
        _ => FillFailure.Unreachable,
    };

    private OriginRequest RequestFor(Fill fill, MemoryEntry? stored) => new()
    {
        Endpoint = fill.Request.Endpoint,
        RouteValues = fill.Request.RouteValues,
        Method = fill.Request.Method,
        Scheme = fill.Request.Scheme,
        Host = fill.Request.Host,
        Target = fill.Plan.Target,
        // Behind a soft purge a 304 could not make it fresh: what it confirms keeps its stamp. So the whole is asked for.
        Headers = headers.ForFill(fill.Request, stored is { IsBehindPurge: false } ? stored.Response : null),
        Body = fill.Plan.Body,
        OnlyTheseHeaders = !fill.Plan.Policy.FollowsOrigin,
        ClientAddress = fill.Request.ClientAddress,
        Trace = fill.Request.Trace,
    };

    private sealed class Sink(HeadDecision decision, Fill fill, MemoryEntry? stored, DateTimeOffset requestTime) : IOriginSink
    {
        public DecidedHead? Head { get; private set; }

        public void OnHead(int status, HeaderFields headers)
        {
            Head = decision.Decide(fill, stored, status, ConnectionFields.EndToEnd(headers), requestTime);
            fill.Decide(Head.Outcome);
        }

        public ValueTask OnBodyAsync(ReadOnlyMemory<byte> chunk, CancellationToken cancellationToken) =>
            Head?.Outcome is FillOutcome.Responding ? fill.Body.AppendAsync(chunk, cancellationToken) : ValueTask.CompletedTask;
    }
}
