using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace CacheProxy.Engine.Policies;

/// <summary>
/// A request's JSON body, read once: its exact bytes, and the document if there is only one way to read it. The request can be passed on
/// in any case, since its body stream starts again at the first byte.
/// </summary>
public sealed class RequestBody
{
    private const int MaxDepth = 64;

    private static readonly JsonDocumentOptions s_strict = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    private RequestBody(BypassReason problem, ReadOnlyMemory<byte> bytes, JsonElement root)
    {
        Problem = problem;
        Bytes = bytes;
        Root = root;
    }

    /// <summary>Why it cannot be keyed; <see cref="BypassReason.None"/> when it can.</summary>
    public BypassReason Problem { get; }

    /// <summary>The client's bytes; empty unless <see cref="Problem"/> is none.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>The document; undefined unless <see cref="Problem"/> is none.</summary>
    public JsonElement Root { get; }

    /// <summary>
    /// Reads and checks the body. What is no UTF-8 JSON, or announces more than <paramref name="maxSize"/>, is not read at all; what turns
    /// out to be longer is left to be streamed.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="maxSize">The most bytes that are kept.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="BadHttpRequestException">The client's framing is broken.</exception>
    /// <exception cref="IOException">The client has gone.</exception>
    public static async ValueTask<RequestBody> ReadAsync(HttpContext context, long maxSize, CancellationToken cancellationToken)
    {
        var request = context.Request;
        if (!IsPlainJson(request)) return new(BypassReason.BodyType, default, default);
        if (request.ContentLength > maxSize) return new(BypassReason.BodyTooLarge, default, default);
        var source = request.Body;
        var buffer = new byte[(int)Math.Min(request.ContentLength + 1 ?? 4096, maxSize + 1)];
        var length = 0;
        while (true)
        {
            if (length == buffer.Length)
            {
                if (length > maxSize) break;
                Array.Resize(ref buffer, (int)Math.Min(maxSize + 1, Math.Max(buffer.Length * 2L, 256)));
            }
            int read;
            try
            {
                read = await source.ReadAsync(buffer.AsMemory(length), cancellationToken);
            }
            catch
            {
                request.Body = new ReplayedStream(buffer.AsMemory(0, length), source);
                throw;
            }
            if (read == 0) break;
            length += read;
        }
        var bytes = buffer.AsMemory(0, length);
        request.Body = new ReplayedStream(bytes, source);
        if (length > maxSize) return new(BypassReason.BodyTooLarge, default, default);
        await LongStep.Over(length);
        return TryParse(bytes.Span, out var root) ? new(BypassReason.None, bytes, root) : new(BypassReason.BodyAmbiguous, default, default);
    }

    /// <summary>A body that is at hand already: for explaining and for tests.</summary>
    public static RequestBody Of(ReadOnlyMemory<byte> json) =>
        TryParse(json.Span, out var root) ? new(BypassReason.None, json, root) : new(BypassReason.BodyAmbiguous, default, default);

    private static bool IsPlainJson(HttpRequest request)
    {
        foreach (var coding in request.Headers.ContentEncoding)
            if (!string.IsNullOrEmpty(coding) && !coding.Equals("identity", StringComparison.OrdinalIgnoreCase)) return false;
        if (request.Headers.ContentType.Count != 1 || !MediaTypeHeaderValue.TryParse(request.ContentType, out var type)) return false;
        if (type.Charset.HasValue && !HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase)) return false;
        return type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || (type.Type.Equals("application", StringComparison.OrdinalIgnoreCase) && type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase));
    }

    private static bool TryParse(ReadOnlySpan<byte> bytes, out JsonElement root)
    {
        root = default;
        try
        {
            root = JsonElement.Parse(bytes, s_strict);
            return IsText(bytes);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // Lone surrogates and invalid UTF-8 in names are reported by the second kind.
            return false;
        }
    }

    /// <summary>Unescapes every name and string: lone surrogates show up only then.</summary>
    private static bool IsText(ReadOnlySpan<byte> bytes)
    {
        var scratch = ArrayPool<byte>.Shared.Rent(Math.Max(bytes.Length, 1));
        try
        {
            var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = MaxDepth });
            while (reader.Read())
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName) reader.CopyString(scratch);
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch, clearArray: true);
        }
    }
}
