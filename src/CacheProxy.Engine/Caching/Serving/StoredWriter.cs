using CacheProxy.Engine.Http;
using CacheProxy.Engine.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Engine.Caching.Serving;

/// <summary>
/// Sends a stored response: whole, as 304, as a range, or as HEAD. Allocates nothing but what the second's texts cost, and awaits nothing
/// while the socket takes the bytes.
/// </summary>
internal sealed class StoredWriter(CacheStatusOptions options)
{
    private static readonly StringValues s_hit = "HIT";
    private static readonly StringValues s_staleControl = "max-age=0, must-revalidate";
    private static readonly StringValues s_bytes = "bytes";

    public Task WriteAsync(HttpContext context, MemoryEntry entry, in Answer answer)
    {
        var request = context.Request;
        var response = context.Response;
        var stored = entry.Response;
        var prepared = PreparedResponse.Of(entry);
        var isSafe = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        if (isSafe && HasPreconditions(request.Headers))
        {
            var precondition = ConditionalRequest.Evaluate(request.Headers, request.Method, stored.Status, prepared.EntityTag, prepared.LastModified);
            if (precondition != Precondition.Proceed)
            {
                response.StatusCode = precondition == Precondition.NotModified ? StatusCodes.Status304NotModified : StatusCodes.Status412PreconditionFailed;
                prepared.WriteFieldsOf304(response.Headers);
                WriteDecision(response.Headers, prepared, entry, answer);
                return Task.CompletedTask;
            }
        }

        response.StatusCode = stored.Status;
        prepared.WriteFields(response.Headers);
        WriteDecision(response.Headers, prepared, entry, answer);
        var body = stored.Body;
        if (isSafe && stored.Status == 200)
        {
            if (request.Headers.Range.Count > 0 && !HttpMethods.IsHead(request.Method)) body = WriteRange(request, response, prepared, body);
            response.Headers.AcceptRanges = s_bytes;
        }
        if (!HttpStatus.HasContent(stored.Status)) return Task.CompletedTask;
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
        var write = context.Response.BodyWriter.WriteAsync(body, context.RequestAborted);
        return write.IsCompletedSuccessfully ? Task.CompletedTask : write.AsTask();
    }

    private static ReadOnlyMemory<byte> WriteRange(HttpRequest request, HttpResponse response, PreparedResponse prepared, ReadOnlyMemory<byte> body)
    {
        var range = ByteRanges.Evaluate(request.Headers.Range, request.Headers.IfRange, body.Length, prepared.EntityTag, prepared.LastModified);
        switch (range.Kind)
        {
            case RangeKind.Single:
                response.StatusCode = StatusCodes.Status206PartialContent;
                response.Headers.ContentRange = ContentRange.Format(range.Start, range.End, body.Length);
                return body[(int)range.Start..(int)(range.End + 1)];
            case RangeKind.Unsatisfiable:
                response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
                response.Headers.ContentRange = ContentRange.Unsatisfied(body.Length);
                return default;
            default:
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
        }
        if (!options.Shown) return;
        headers["X-Cache"] = DecisionTable.XCache(answer.Result);
        headers["Cache-Status"] = prepared.WithStatusBefore(CacheStatusText.For(answer, (long)Math.Ceiling((stored.FreshUntilAge - age).TotalSeconds)));
    }

    private static bool HasPreconditions(IHeaderDictionary headers) =>
        headers.IfNoneMatch.Count > 0 || headers.IfModifiedSince.Count > 0 || headers.IfMatch.Count > 0 || headers.IfUnmodifiedSince.Count > 0;
}

/// <summary><c>Headers:CacheStatus</c>.</summary>
/// <param name="Shown">Whether <c>X-Cache</c> and <c>Cache-Status</c> are sent. Default: yes.</param>
public sealed record CacheStatusOptions(bool Shown = true);
