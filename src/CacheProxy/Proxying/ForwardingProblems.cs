using CacheProxy.Engine.Caching.Serving;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Timeouts;
using Yarp.ReverseProxy.Forwarder;

namespace CacheProxy.Proxying;

/// <summary>Requests that pass and that the origin did not answer: YARP leaves a bare status, the client gets the same problem as from a fill.</summary>
internal static class ForwardingProblems
{
    /// <summary>The first step of YARP's pipeline.</summary>
    public static Task Write(HttpContext context, RequestDelegate next) =>
        // A fill has a response of its own, and says itself what its clients are told.
        context.Features.Get<OutgoingTarget>() is not null ? next(context) : PassAsync(context, next);

    private static async Task PassAsync(HttpContext context, RequestDelegate next)
    {
        await next(context);
        if (context.Features.Get<IForwarderErrorFeature>() is not { } error) return;
        // While the route's Timeout counts, its end is in the same token as the client's.
        var isLate = context.Features.Get<IHttpRequestTimeoutFeature>() is { RequestTimeoutToken.IsCancellationRequested: true };
        if (isLate ? context.Response.HasStarted : context.RequestAborted.IsCancellationRequested || IsReset(error.Exception))
        {
            // The client left, and that may be known here before the server knows: it would want to read the rest of the body, and log an error.
            context.Abort();
            return;
        }
        if (context.Response.HasStarted) return;
        // That token has ended; the answer that says so is still to be sent.
        if (isLate) context.RequestAborted = CancellationToken.None;
        await ((isLate ? StatusCodes.Status504GatewayTimeout : context.Response.StatusCode) switch
        {
            StatusCodes.Status502BadGateway => ProblemWriter.WriteAsync(
                context, StatusCodes.Status502BadGateway, "origin-unreachable", "The backend cannot be reached", "Try again; if it persists, look at the backend's health."),
            StatusCodes.Status503ServiceUnavailable => ProblemWriter.WriteAsync(
                context, StatusCodes.Status503ServiceUnavailable, "origin-unavailable", "No backend is healthy", "Try again shortly.", TimeSpan.FromSeconds(1)),
            StatusCodes.Status504GatewayTimeout => ProblemWriter.WriteAsync(
                context, StatusCodes.Status504GatewayTimeout, "origin-timeout", "The backend did not answer in time", "Try again; if it persists, look at the backend's load or raise the route's Timeout."),
            _ => Task.CompletedTask,
        });
    }

    private static bool IsReset(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
            if (exception is ConnectionResetException) return true;
        return false;
    }
}
