using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace CacheProxy.Engine.Caching.Serving;

/// <summary>Sends a response while it arrives. A body that breaks off at the origin breaks off at the client.</summary>
internal sealed class FillWriter(CacheStatusOptions options)
{
    public async Task WriteAsync(HttpContext context, FillBody.Reader body, FillOutcome.Responding head, Answer answer)
    {
        var response = context.Response;
        response.StatusCode = head.Status;
        foreach (var (name, values) in head.Headers)
            if (!Is(name, HeaderNames.ContentLength)) response.Headers[name] = values;
        // What is stored has coded forms, and this is the plain one of them.
        if (head.Prototype is not null && ContentCoding.MayCompress(head.Status, head.Headers, head.ContentLength ?? long.MaxValue)
            && CodedFields.VaryOf(head.Headers) is { Count: > 0 } vary)
            response.Headers.Vary = vary;
        response.ContentLength = StatusFacts.HasNoContent(head.Status) ? null : head.ContentLength;
        response.Headers.Via = StringValues.Concat(head.Headers[HeaderNames.Via], ViaText.Value);
        if (options.Shown)
        {
            response.Headers["X-Cache"] = DecisionTable.XCache(answer.Result);
            response.Headers["Cache-Status"] = StringValues.Concat(head.Headers["Cache-Status"], CacheStatusText.For(answer, default));
        }
        try
        {
            await response.StartAsync(context.RequestAborted);
            var next = body.ReadAsync(context.RequestAborted);
            // The head does not wait for a body that is late.
            if (!next.IsCompleted) await response.BodyWriter.FlushAsync(context.RequestAborted);
            while (await next is { IsEmpty: false } chunk)
            {
                await response.BodyWriter.WriteAsync(chunk, context.RequestAborted);
                next = body.ReadAsync(context.RequestAborted);
            }
        }
        catch (IncompleteBodyException)
        {
            context.Abort();
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client left; nothing else notices. Whoever else cancelled: half a body must not be ended like a whole one.
            context.Abort();
        }
    }

    private static bool Is(string name, string other) => string.Equals(name, other, StringComparison.OrdinalIgnoreCase);
}
