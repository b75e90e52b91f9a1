using CacheProxy.Engine.Caching.Serving;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Storage;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>Sends what a fill came to: as it arrives, whole from what was stored, or a problem.</summary>
internal sealed class FillDelivery(StoredWriter stored, FillWriter stream, RequestMeter meter)
{
    /// <summary>Up to this length a body of known length is sent once it is whole: then it has its entity tag (DESIGN 3).</summary>
    private const long SentWhole = 64 * 1_024;

    /// <summary>Sends a stored response.</summary>
    public async Task ServeAsync(HttpContext context, FillDemand demand, MemoryEntry entry, Answer answer)
    {
        await WriteAsync(context, entry, answer);
        if (answer.Result is CacheResult.HitShared or CacheResult.Stale)
            meter.Hit(context, demand.Plan.Policy, answer, demand.Started, entry);
        else
            meter.Count(context, demand.Plan.Policy, answer, demand.Started, demand.Plan.PrimaryKey);
    }

    /// <summary>Sends what the origin answers.</summary>
    public async Task<FillDelivered> RespondAsync(HttpContext context, FillDemand demand, FillAttendance attendance, FillOutcome.Responding head, bool started)
    {
        var answer = new Answer(started ? CacheResult.Miss : CacheResult.Collapsed)
        {
            Forward = demand.Forward,
            Stored = head.Prototype is not null,
            Detail = head.Prototype is null ? Storability.Label(head.Reason) : null,
        };
        if (head.Prototype is not null && WantsWhole(context.Request, head))
        {
            attendance.StopReading();
            if (await WholeAsync(attendance.Fill, context) is not { } entry)
            {
                // It was cut short, or grew too long to keep (asked again, streamed).
                return attendance.Fill.Body.IsWhole ? FillDelivered.CutShort : FillDelivered.BeginningGone;
            }
            await WriteAsync(context, entry, answer);
        }
        else
        {
            if (attendance.Body is not { } body) return FillDelivered.BeginningGone;
            await stream.WriteAsync(context, body, head, answer);
        }
        meter.Count(context, demand.Plan.Policy, answer, demand.Started, demand.Plan.PrimaryKey);
        return FillDelivered.Done;
    }

    /// <summary>Sends the problem that stands for a failure.</summary>
    public async Task FailAsync(HttpContext context, FillDemand demand, FillFailure failure)
    {
        await (failure switch
        {
            FillFailure.TimedOut => ProblemWriter.WriteAsync(
                context, StatusCodes.Status504GatewayTimeout, "origin-timeout", "The backend did not answer in time", "Try again; if it persists, look at the backend's load or raise the route's Timeout."),
            FillFailure.Unasked => ProblemWriter.WriteAsync(
                context, StatusCodes.Status502BadGateway, "origin-answer", "The backend answered a question that was not asked", "It sent 304 or 206 to a request without condition or range."),
            FillFailure.Rejected => ProblemWriter.WriteAsync(
                context, StatusCodes.Status503ServiceUnavailable, "too-many-fills", "Too many requests wait for the backend", "Try again shortly.", TimeSpan.FromSeconds(1)),
            _ => ProblemWriter.WriteAsync(
                context, StatusCodes.Status502BadGateway, "origin-unreachable", "The backend cannot be reached", "Try again; if it persists, look at the backend's health."),
        });
        meter.Count(context, demand.Plan.Policy, new Answer(CacheResult.Error) { Detail = DecisionTable.Kebab(failure.ToString()) }, demand.Started, demand.Plan.PrimaryKey);
    }

    private static async Task<MemoryEntry?> WholeAsync(Fill fill, HttpContext context)
    {
        try
        {
            return await fill.Completed.WaitAsync(context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private async Task WriteAsync(HttpContext context, MemoryEntry entry, Answer answer)
    {
        try
        {
            await stored.WriteAsync(context, entry, answer);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client left; nothing else notices.
        }
    }

    private static bool WantsWhole(HttpRequest request, FillOutcome.Responding head) =>
        head.ContentLength <= SentWhole || request.Headers.Range.Count > 0 || ConditionalRequest.IsConditional(request.Headers);
}

/// <summary>What came of sending an answer while it arrives.</summary>
internal enum FillDelivered
{
    /// <summary>Sent, or broken off as the origin's was.</summary>
    Done,

    /// <summary>Nothing was sent, and the beginning is gone: the request must ask on its own.</summary>
    BeginningGone,

    /// <summary>Nothing was sent, and the origin's answer has no end.</summary>
    CutShort,
}
