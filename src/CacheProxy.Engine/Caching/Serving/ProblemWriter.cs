using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Caching.Serving;

/// <summary>Errors of ours: <c>application/problem+json</c> (RFC 9457) with a stable type, never stored, never with an address of the origin.</summary>
public static class ProblemWriter
{
    /// <summary>Writes a problem.</summary>
    /// <param name="context">Whose response has not started.</param>
    /// <param name="status">The status code.</param>
    /// <param name="type">The part after <c>urn:cacheproxy:</c>.</param>
    /// <param name="title">What happened.</param>
    /// <param name="detail">What to do.</param>
    /// <param name="retryAfter">For <c>Retry-After</c>, in whole seconds.</param>
    public static Task WriteAsync(HttpContext context, int status, string type, string title, string? detail = null, TimeSpan? retryAfter = null)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("type", $"urn:cacheproxy:{type}");
            json.WriteString("title", title);
            json.WriteNumber("status", status);
            if (detail is not null) json.WriteString("detail", detail);
            json.WriteString("traceId", Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier);
            json.WriteEndObject();
        }
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "application/problem+json";
        response.Headers.CacheControl = "no-store";
        if (retryAfter is { } after) response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(after.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        response.ContentLength = buffer.WrittenCount;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.BodyWriter.WriteAsync(buffer.WrittenMemory, context.RequestAborted).AsTask();
    }
}
