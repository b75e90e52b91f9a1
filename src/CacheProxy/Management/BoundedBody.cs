using System.Text.Json;
using Microsoft.Net.Http.Headers;

namespace CacheProxy.Management;

/// <summary>Reads the bodies of requests to ours: whole, bounded, and as JSON that no two parsers could read differently.</summary>
internal static class BoundedBody
{
    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false, MaxDepth = 64 };

    /// <summary>The body as JSON, to be disposed of; null when it is none: then the request has its problem.</summary>
    /// <param name="context">The request.</param>
    /// <param name="limit">In bytes.</param>
    /// <param name="whenTooLong">What a body that is too long means for what it asked, and what to do; may be empty.</param>
    public static async Task<JsonDocument?> ReadJsonAsync(HttpContext context, int limit, string whenTooLong = "")
    {
        if (!IsJson(context.Request))
        {
            await Problems.NotJson.WriteAsync(context);
            return null;
        }

        if (await ReadAsync(context.Request, limit, context.RequestAborted) is not { } body)
        {
            await Problems.TooLarge($"The body is longer than {limit} bytes. {whenTooLong}".TrimEnd()).WriteAsync(context);
            return null;
        }

        var document = Parse(body, out var error);
        if (document is null) await Problems.InvalidJson(error!).WriteAsync(context);
        return document;
    }

    /// <summary>The body's bytes; null when it is longer than the limit (then no more than the limit has been read).</summary>
    /// <param name="request">The request.</param>
    /// <param name="limit">In bytes.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<byte[]?> ReadAsync(HttpRequest request, int limit, CancellationToken cancellationToken)
    {
        if (request.ContentLength > limit) return null;
        using var buffer = new MemoryStream((int)(request.ContentLength ?? 1024));
        while (true)
        {
            var result = await request.BodyReader.ReadAsync(cancellationToken);
            foreach (var segment in result.Buffer)
            {
                if (buffer.Length + segment.Length > limit)
                {
                    request.BodyReader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                    return null;
                }

                buffer.Write(segment.Span);
            }

            request.BodyReader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted) return buffer.ToArray();
        }
    }

    /// <summary>Whether the request says that its body is JSON in UTF-8.</summary>
    public static bool IsJson(HttpRequest request, string? other = null)
    {
        if (request.Headers.ContentType.Count != 1 || request.Headers.ContentEncoding.Count != 0) return false;
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)) return false;
        if (type.Charset.HasValue && !HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase)) return false;
        return type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || (other is not null && type.MediaType.Equals(other, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Parses the whole body.</summary>
    /// <returns>The document, to be disposed of; null with <paramref name="error"/> set when it is not valid.</returns>
    public static JsonDocument? Parse(ReadOnlyMemory<byte> body, out string? error)
    {
        error = null;
        try
        {
            return JsonDocument.Parse(body, s_strict);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Lone surrogates and invalid UTF-8 in names are InvalidOperationException, not JsonException.
            error = exception is JsonException { LineNumber: { } line, BytePositionInLine: { } column }
                ? $"The body is not valid JSON near line {line + 1}, byte {column + 1}."
                : "The body is not valid JSON in UTF-8, or a name occurs twice in it.";
            return null;
        }
    }

    /// <summary>The value of a JSON string; false for what is no Unicode text.</summary>
    public static bool TryGetText(JsonElement element, out string text)
    {
        text = "";
        if (element.ValueKind != JsonValueKind.String) return false;
        try
        {
            text = element.GetString()!;
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
