using CacheProxy.Engine.Caching.Serving;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Storage;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>Sends what a fill came to: as it arrives, whole from what was stored, or a problem.</summary>
internal sealed class FillDelivery(StoredWriter stored, FillWriter stream, RequestMeter meter)
{
    /// <summary>Sends a stored response.</summary>
    public async Task ServeAsync(HttpContext context, FillDemand demand, MemoryEntry entry, Answer answer)
    {
        await WriteAsync(context, entry, answer);
        if (answer.Result is CacheResult.Hit or CacheResult.HitShared or CacheResult.Stale)
            meter.Hit(context, demand.Plan.Policy, answer, demand.Started, entry);
        else
            meter.Count(context, demand.Plan.Policy, answer, demand.Started, demand.Plan.PrimaryKey);
    }

    /// <summary>Sends what the origin answers.</summary>
    /// <param name="context">Whose client it is.</param>
    /// <param name="demand">What it wants.</param>
    /// <param name="attendance">Its place at the fill.</param>
    /// <param name="head">What came.</param>
    /// <param name="started">Whether it started the fill.</param>
    /// <param name="tooLong">It has waited for the whole before, in vain: a range or a condition is worth no second wait.</param>
    public async ValueTask<FillDelivered> RespondAsync(HttpContext context, FillDemand demand, FillAttendance attendance, FillOutcome.Responding head, bool started, bool tooLong)
    {
        var answer = new Answer(started ? CacheResult.Miss : CacheResult.Collapsed)
        {
            Forward = demand.Forward,
            Stored = head.Prototype is not null,
            Detail = head.Prototype is null ? Storability.Label(head.Reason) : null,
        };
        if (head.Prototype is not null && !tooLong && WantsWhole(context.Request, head))
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
        // RFC 9111 §5.2.2.2: what must be validated, and cannot be, is a 504.
        var mustValidate = demand.Stored is { Response: { MustRevalidate: true } or { AlwaysValidate: true } } && failure == FillFailure.Unreachable;
        await (failure switch
        {
            _ when mustValidate => ProblemWriter.WriteAsync(
                context, StatusCodes.Status504GatewayTimeout, "origin-unreachable", "The backend cannot be reached", "What is stored may not be sent without asking it. Try again; if it persists, look at the backend's health."),
            FillFailure.TimedOut => ProblemWriter.WriteAsync(
                context, StatusCodes.Status504GatewayTimeout, "origin-timeout", "The backend did not answer in time", "Try again; if it persists, look at the backend's load or raise the route's Timeout."),
            FillFailure.Unasked => ProblemWriter.WriteAsync(
                context, StatusCodes.Status502BadGateway, "origin-answer", "The backend answered a question that was not asked", "It sent 304 or 206 to a request without condition or range."),
            FillFailure.Rejected => ProblemWriter.WriteAsync(
                context, StatusCodes.Status503ServiceUnavailable, "too-many-fills", "Too many requests wait for the backend", "Try again shortly.", TimeSpan.FromSeconds(1)),
            _ => ProblemWriter.WriteAsync(
                context, StatusCodes.Status502BadGateway, "origin-unreachable", "The backend cannot be reached", "Try again; if it persists, look at the backend's health."),
        });
        meter.Count(context, demand.Plan.Policy, new Answer(CacheResult.Error) { Detail = DecisionTable.Label(failure) }, demand.Started, demand.Plan.PrimaryKey);
    }

    /// <summary>Says that nothing stored answers a request that forbids asking the origin (RFC 9111 §5.2.1.7).</summary>
    public async Task RefuseToAskAsync(HttpContext context, FillDemand demand)
    {
        await ProblemWriter.WriteAsync(context, StatusCodes.Status504GatewayTimeout, "only-if-cached", "Nothing fresh is stored, and the request forbids asking the origin");
        meter.Count(context, demand.Plan.Policy, new Answer(CacheResult.Error) { Detail = "only-if-cached" }, demand.Started, demand.Plan.PrimaryKey);
    }

    private static async ValueTask<MemoryEntry?> WholeAsync(Fill fill, HttpContext context)
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

    // A part goes as it came: it is what was asked for.
    private static bool WantsWhole(HttpRequest request, FillOutcome.Responding head) => head.Status != StatusCodes.Status206PartialContent
        && (head.IsSentWhole || request.Headers.Range.Count > 0 || ConditionalRequest.IsConditional(request.Headers));
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
