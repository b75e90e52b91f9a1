using System.Diagnostics;
using CacheProxy.Engine.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.Logging;

namespace CacheProxy.Engine.Caching.Origins;

/// <summary>
/// The origin of an application that answers itself: the route's own endpoint, run on a context that belongs to no client, so that clients
/// come and go while it works. What middleware has put onto a client's context is not there; what a fill carries is what was keyed.
/// </summary>
public class EndpointOrigin : IOrigin
{
    private static readonly TimeSpan s_headTimeout = TimeSpan.FromSeconds(100);
    private readonly IHttpContextFactory _contexts;
    private readonly ILogger<EndpointOrigin> _logger;
    private readonly Predicate<HttpContext> _hasFailed;

    /// <summary>Makes its contexts with the application's factory.</summary>
    public EndpointOrigin(IHttpContextFactory contexts, ILogger<EndpointOrigin> logger)
    {
        _contexts = contexts;
        _logger = logger;
        _hasFailed = context => FailureOf(context) is not null;
    }

    /// <inheritdoc />
    public virtual string GroupOf(Endpoint endpoint) => "";

    /// <inheritdoc />
    public async Task<OriginResult> SendAsync(OriginRequest request, IOriginSink sink, CancellationToken cancellationToken)
    {
        using var lifetime = new DetachedLifetime(HeadTimeoutOf(request.Endpoint), cancellationToken);
        using var activity = CacheActivities.Source.StartActivity("cacheproxy.fill", ActivityKind.Internal, request.Trace);
        var response = new DetachedResponse(sink, lifetime, request.Participant);
        var context = _contexts.Create(new DetachedFeatures(request, response, lifetime));
        try
        {
            response.Watch(context, _hasFailed);
            request.Participant?.Join(context);
            Prepare(context, request, sink);
            try
            {
                await request.Endpoint.RequestDelegate!(context);
            }
            catch (Exception exception) when (exception is not OperationCanceledException && StatusOf(exception) is not null)
            {
                Log.EndpointFailed(_logger, exception, request.Endpoint.DisplayName);
                response.Fail(StatusOf(exception)!.Value, exception);
            }
            var failure = FailureOf(context);
            if (failure is null && !lifetime.WasAborted)
            {
                await response.CompleteAsync();
                return OriginResult.Complete;
            }
            return ResultOf(failure ?? OriginResult.CutShort, response.HasStarted, lifetime, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return lifetime.HeadTimedOut ? OriginResult.TimedOut : OriginResult.Canceled;
        }
        finally
        {
            await response.CompletedAsync();
            _contexts.Dispose(context);
        }
    }

    /// <summary>How long a fill waits for the head: the endpoint's own time-out, else 100 s.</summary>
    protected virtual TimeSpan HeadTimeoutOf(Endpoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        return endpoint.Metadata.GetMetadata<RequestTimeoutPolicy>()?.Timeout ?? endpoint.Metadata.GetMetadata<RequestTimeoutAttribute>()?.Timeout ?? s_headTimeout;
    }

    /// <summary>Comes before the endpoint is run, in its flow.</summary>
    protected virtual void Prepare(HttpContext context, OriginRequest request, IOriginSink sink)
    {
        // An endpoint of the application needs nothing more.
    }

    /// <summary>What the endpoint says of a failure that it has answered itself; its answer is then no answer of the origin.</summary>
    /// <returns><see langword="null"/>: there was none.</returns>
    protected virtual OriginResult? FailureOf(HttpContext context) => null;

    /// <summary>The status by which an endpoint's exception is answered; <see langword="null"/>: it is a fault of ours, and thrown on.</summary>
    protected virtual int? StatusOf(Exception exception) =>
        exception is BadHttpRequestException refused ? refused.StatusCode : StatusCodes.Status500InternalServerError;

    private static OriginResult ResultOf(OriginResult failure, bool started, DetachedLifetime lifetime, CancellationToken cancellationToken)
    {
        if (lifetime.HeadTimedOut) return OriginResult.TimedOut;
        if (cancellationToken.IsCancellationRequested) return OriginResult.Canceled;
        if (failure == OriginResult.TimedOut) return failure;
        return started ? OriginResult.CutShort : OriginResult.Unreachable;
    }
}

internal static partial class Log
{
    [LoggerMessage(3007, LogLevel.Error, "An exception of {Endpoint}, which was asked for the cache and not for a client; those who wait are told")]
    public static partial void EndpointFailed(ILogger logger, Exception exception, string? endpoint);
}
