using CacheProxy.Engine.Caching.Serving;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Storage;
using CacheProxy.Engine.Telemetry;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>Asks the origin for a fill, and stores what came, on proof that it is complete.</summary>
internal sealed class FillOrigin(IOrigin origin, CacheHeaders headers, HeadDecision decision, MemoryTier memory, Compressor compressor, CacheMetrics metrics, TimeProvider time)
{
    private volatile HeaderFields _lastStored = HeaderFields.Empty;

    /// <param name="fill">The fill; its outcome is decided when the head is there, and its body ended when this returns.</param>
    /// <param name="stored">A valid stored response to validate or to fall back on.</param>
    /// <returns>What was stored in memory and is to be stored for the others; <see langword="null"/> for nothing.</returns>
    public async Task<StoredResponse?> FetchAsync(Fill fill, MemoryEntry? stored)
    {
        var started = time.GetTimestamp();
        fill.Fallback = stored;
        Sink sink;
        OriginResult result;
        for (var basis = FillBasis.Of(fill, stored, time.GetUtcNow()); ; basis = FillBasis.Plain(stored))
        {
            var asked = time.GetTimestamp();
            fill.Decision = fill.Plan.InCode?.OfResponse();
            sink = new Sink(decision, fill, basis, time.GetUtcNow());
            result = await origin.SendAsync(RequestFor(fill, basis), sink, fill.Abandoned);
            metrics.OriginDuration.Of(fill.Plan.Policy.Name, DecisionTable.Label(result)).Observe(time.GetElapsedTime(asked).TotalSeconds);
            // What came does not fit what was asked: once more, plainly, and then whatever comes is taken.
            if (basis.IsPlain || sink.Head is not { AsksAgain: true }) break;
        }
        var took = time.GetElapsedTime(started);

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
        await sink.BeginAsync(fill.Abandoned);
        return Store(fill, head.Prototype, took, result);
    }

    private StoredResponse? Store(Fill fill, StoredResponse prototype, TimeSpan took, OriginResult result)
    {
        var complete = result == OriginResult.Complete;
        if (!complete || !fill.Body.IsWhole)
        {
            fill.Body.End(broken: !complete);
            decision.Count(fill, complete ? Storable.TooLarge : Storable.Incomplete);
            return null;
        }
        var body = fill.Body.ToMemory();
        // An origin says the same in most of its responses: what is equal is kept in memory once.
        var fields = _lastStored = prototype.Headers.Sharing(_lastStored);
        var response = prototype with { Headers = fields, Body = body, FillTime = took, EntityTag = BodyTag.Of(prototype, body.Span) };
        if (response.IsPartial && FillBasis.PartOf(fill) is { } part)
        {
            response = Parts.Unite(part.Response, response, time.GetUtcNow());
            response = response with { EntityTag = BodyTag.Of(response, response.Body.Span) };
        }
        var entry = memory.Add(response);
        fill.Body.End(broken: false);
        fill.Complete(entry);
        compressor.Consider(entry, fill.Request.Headers.AcceptEncoding);
        return response.IsPartial ? null : response;
    }

    private static FillFailure FailureOf(OriginResult result) => result switch
    {
        OriginResult.TimedOut => FillFailure.TimedOut,
        OriginResult.Canceled => FillFailure.Canceled,
        _ => FillFailure.Unreachable,
    };

    private OriginRequest RequestFor(Fill fill, FillBasis basis) => new()
    {
        Endpoint = fill.Request.Endpoint,
        RouteValues = fill.Request.RouteValues,
        Method = fill.Request.Method,
        Scheme = fill.Request.Scheme,
        Host = fill.Request.Host,
        PathBase = fill.Request.PathBase,
        Target = fill.Plan.Target,
        Headers = headers.ForFill(fill.Request, basis),
        Body = fill.Plan.Body,
        OnlyTheseHeaders = !fill.Plan.Policy.FollowsOrigin,
        User = fill.Request.User,
        Participant = fill.Decision,
        ClientAddress = fill.Request.ClientAddress,
        Trace = fill.Request.Trace,
    };

    private sealed class Sink(HeadDecision decision, Fill fill, FillBasis basis, DateTimeOffset requestTime) : IOriginSink
    {
        private ReadOnlyMemory<byte> _before;

        public DecidedHead? Head { get; private set; }

        public void OnInterim(InterimResponse response) => fill.Announce(response);

        public void OnHead(int status, HeaderFields headers)
        {
            Head = decision.Decide(fill, basis, status, ConnectionFields.EndToEnd(headers), requestTime);
            _before = Head.Before;
            if (Head.Outcome is { } outcome) fill.Decide(outcome);
        }

        public async ValueTask OnBodyAsync(ReadOnlyMemory<byte> chunk, CancellationToken cancellationToken)
        {
            // An answer that is none: its body is not waited for.
            if (Head is { AsksAgain: true }) throw new OperationCanceledException("The origin is asked again.");
            if (Head?.Outcome is not FillOutcome.Responding) return;
            if (!_before.IsEmpty) await BeginAsync(cancellationToken);
            await fill.Body.AppendAsync(chunk, cancellationToken);
        }

        /// <summary>What was stored of the body goes before what comes.</summary>
        public async ValueTask BeginAsync(CancellationToken cancellationToken)
        {
            var before = _before;
            _before = default;
            await fill.Body.AppendAsync(before, cancellationToken);
        }
    }
}
