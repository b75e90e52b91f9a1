using CacheProxy.Management;
using Microsoft.AspNetCore.Connections;

namespace CacheProxy.Hosting.Requests;

/// <summary>
/// The outermost step: what clients break is a 4xx and a debug line, what they leave is nothing, and only what is our own fault is a 500
/// and an error in the log.
/// </summary>
internal sealed partial class FaultMiddleware(RequestDelegate next, ILogger<FaultMiddleware> logger)
{
    public Task InvokeAsync(HttpContext context)
    {
        // A hit completes at once: it shall not pay for a state machine.
        try
        {
            var task = next(context);
            return task.IsCompletedSuccessfully ? task : GuardAsync(context, task);
        }
        catch (Exception exception)
        {
            return GuardAsync(context, Task.FromException(exception));
        }
    }

    private async Task GuardAsync(HttpContext context, Task task)
    {
        try
        {
            await task;
        }
        catch (BadHttpRequestException exception)
        {
            LogClientFault(logger, exception);
            await AnswerAsync(context, new(exception.StatusCode, "bad-request", "Bad request", "The request, or its body, is not valid HTTP."));
        }
        catch (Exception exception) when (context.RequestAborted.IsCancellationRequested || exception is OperationCanceledException or ConnectionResetException)
        {
            LogClientGone(logger, exception);
            context.Abort();
        }
        catch (IOException exception)
        {
            // Kestrel throws this, not BadHttpRequestException, at a chunk size that does not fit into 32 bits.
            LogClientFault(logger, exception);
            await AnswerAsync(context, new(StatusCodes.Status400BadRequest, "bad-request", "Bad request", "The request's body could not be read."));
        }
        catch (Exception exception)
        {
            LogOwnFault(logger, exception);
            await AnswerAsync(context, new(StatusCodes.Status500InternalServerError, "internal-error", "Internal error", "The proxy failed. Its log has the reason, under this traceId."));
        }
    }

    /// <summary>A response that has begun can only be cut off, so that nobody takes it for a whole one.</summary>
    private static async Task AnswerAsync(HttpContext context, Problem problem)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        context.Response.Clear();
        if (context.Request.Protocol is not ("HTTP/2" or "HTTP/3")) context.Response.Headers.Connection = "close";
        await problem.WriteAsync(context);
    }

    [LoggerMessage(6001, LogLevel.Debug, "A client sent something that is not valid HTTP.")]
    private static partial void LogClientFault(ILogger logger, Exception exception);

    [LoggerMessage(6002, LogLevel.Debug, "A client left before its answer was complete.")]
    private static partial void LogClientGone(ILogger logger, Exception exception);

    [LoggerMessage(6003, LogLevel.Error, "A request failed by a fault of the proxy. Please report it with this trace.")]
    private static partial void LogOwnFault(ILogger logger, Exception exception);
}
