using CacheProxy.Engine.Http;
using CacheProxy.Engine.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Engine.Caching.Serving;

/// <summary>
/// Sends a stored response: whole, as 304, as a range, or as HEAD. Allocates nothing but what the second's texts cost, and awaits nothing
/// while the socket takes the bytes.
/// </summary>
internal sealed class StoredWriter(CacheStatusOptions options, FormSelection forms, TimeProvider time)
{
    /// <summary>Bytes that are handed to the server in one piece.</summary>
    private const int SentAtOnce = 64 * 1_024;

    private static readonly StringValues s_hit = "HIT";
    private static readonly StringValues s_staleControl = "max-age=0, must-revalidate";
    private static readonly StringValues s_bytes = "bytes";

    public Task WriteAsync(HttpContext context, MemoryEntry entry, in Answer answer)
    {
        var request = context.Request;
        var response = context.Response;
        var stored = entry.Response;
        var prepared = answer.Result == CacheResult.Miss ? PreparedResponse.Once(entry) : PreparedResponse.Of(entry);
        if (prepared.IsCompressible) prepared = forms.Choose(request, entry, prepared);
        var isSafe = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        if (isSafe && ConditionalRequest.IsConditional(request.Headers)
            && ConditionalRequest.Evaluate(request.Method, request.Headers, stored.Status, prepared.Sent, stored.ResponseTime, time.GetUtcNow()) is var precondition
            && precondition != Precondition.Proceed)
        {
            response.StatusCode = precondition == Precondition.NotModified ? StatusCodes.Status304NotModified : StatusCodes.Status412PreconditionFailed;
            prepared.WriteFieldsOf304(response.Headers);
            WriteDecision(response.Headers, prepared, entry, answer);
            return Task.CompletedTask;
        }

        response.StatusCode = stored.Status;
        prepared.WriteFields(response.Headers);
        WriteDecision(response.Headers, prepared, entry, answer);
        var body = prepared.BodyOf(stored);
        if (stored.IsPartial)
        {
            if (Parts.Answer(stored, request.Headers, time.GetUtcNow()) is { } part)
            {
                response.Headers.ContentRange = part.ContentRange;
                body = body.Slice(part.Offset, part.Length);
            }
        }
        else if (isSafe && stored.Status == 200)
        {
            if (request.Headers.Range.Count > 0 && !HttpMethods.IsHead(request.Method)) body = WriteRange(request, response, prepared, body);
            response.Headers.AcceptRanges = s_bytes;
        }
        if (StatusFacts.HasNoContent(stored.Status)) return Task.CompletedTask;
        if (HttpMethods.IsHead(request.Method))
        {
            response.ContentLength = body.Length;
            return Task.CompletedTask;
        }
        response.ContentLength = body.Length;
        return body.IsEmpty ? Task.CompletedTask : Send(context, body);
    }

    private static Task Send(HttpContext context, ReadOnlyMemory<byte> body)
    {
        if (body.Length > SentAtOnce) return SendInPiecesAsync(context, body);
        var write = context.Response.BodyWriter.WriteAsync(body, context.RequestAborted);
        return write.IsCompletedSuccessfully ? Task.CompletedTask : write.AsTask();
    }

    // The server copies what it is given before it waits for the client: given all of a large body, each slow reader would cost all of it.
    private static async Task SendInPiecesAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        for (; !body.IsEmpty; body = body[Math.Min(SentAtOnce, body.Length)..])
            if ((await context.Response.BodyWriter.WriteAsync(body[..Math.Min(SentAtOnce, body.Length)], context.RequestAborted)).IsCompleted) return;
    }

    private ReadOnlyMemory<byte> WriteRange(HttpRequest request, HttpResponse response, PreparedResponse prepared, ReadOnlyMemory<byte> body)
    {
        var selection = ByteRanges.Select(request.Method, request.Headers, prepared.Sent, body.Length, time.GetUtcNow());
        switch (selection.Outcome)
        {
            case RangeOutcome.Single:
                var part = selection.Ranges[0];
                response.StatusCode = StatusCodes.Status206PartialContent;
                response.Headers.ContentRange = new ContentRange(part, body.Length).ToString();
                return body.Slice((int)part.First, (int)part.Length);
            case RangeOutcome.Unsatisfiable:
                response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
                response.Headers.ContentRange = ContentRange.Unsatisfied(body.Length).ToString();
                return default;
            default:
                // Several parts: the whole is as good an answer (RFC 9110 §14.2), and no client of an API asks for them.
                return body;
        }
    }

    private void WriteDecision(IHeaderDictionary headers, PreparedResponse prepared, MemoryEntry entry, in Answer answer)
    {
        var age = entry.Age;
        var stored = entry.Response;
        if (answer.Result == CacheResult.Hit)
        {
            var texts = prepared.TextsAt(age, stored.FreshUntilAge);
            headers.Age = texts.Age;
            if (!options.Shown) return;
            headers["X-Cache"] = s_hit;
            headers["Cache-Status"] = texts.CacheStatus;
            return;
        }
        if (answer.Result is not CacheResult.Miss and not CacheResult.Collapsed || stored.InitialAge >= TimeSpan.FromSeconds(1))
            headers.Age = prepared.TextsAt(age, stored.FreshUntilAge).Age;
        if (answer.BehindPurge)
        {
            headers.CacheControl = s_staleControl;
            headers.Remove("Expires");
            headers.Remove(TargetedCacheControl.FieldName);
        }
        if (!options.Shown) return;
        headers["X-Cache"] = DecisionTable.XCache(answer.Result);
        headers["Cache-Status"] = prepared.WithStatusBefore(CacheStatusText.For(answer, stored.FreshUntilAge - age));
    }
}

/// <summary><c>Headers:CacheStatus</c>.</summary>
/// <param name="Shown">Whether <c>X-Cache</c> and <c>Cache-Status</c> are sent. Default: yes.</param>
public sealed record CacheStatusOptions(bool Shown = true);
