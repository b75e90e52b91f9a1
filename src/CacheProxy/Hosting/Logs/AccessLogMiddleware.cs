using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using CacheProxy.Management;

namespace CacheProxy.Hosting.Logs;

/// <summary>
/// One JSON line per request at Information. The query is left out, since tokens travel in queries; the path is cut, so that a line has a
/// bound; keys, tags and bodies are in no line.
/// </summary>
internal sealed partial class AccessLogMiddleware(RequestDelegate next, TimeProvider time, ILogger<AccessLogMiddleware> logger)
{
    private const int LongestPath = 1024, LongestWord = 64;

    public async Task InvokeAsync(HttpContext context)
    {
        var started = time.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            LogAccess(logger, JsonSerializer.Serialize(Describe(context, time.GetElapsedTime(started)), AccessLogJson.Default.AccessLogLine));
        }
    }

    private AccessLogLine Describe(HttpContext context, TimeSpan duration)
    {
        var (request, response) = (context.Request, context.Response);
        return new(
            time.GetUtcNow(),
            context.Connection.RemoteIpAddress?.ToString(),
            context.IsOperatorsListener() ? "operators" : "clients",
            Cut(request.Method, LongestWord),
            request.Scheme,
            Cut(request.Host.Value ?? "", LongestPath),
            Cut(request.Path.Value ?? "", LongestPath),
            request.Protocol,
            response.StatusCode,
            response.ContentLength,
            Math.Round(duration.TotalMilliseconds, 3),
            response.Headers["X-Cache"] is [{ } cache] ? Cut(cache, LongestWord) : null,
            context.RequestAborted.IsCancellationRequested,
            Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier);
    }

    private static string Cut(string text, int length) => text.Length <= length ? text : text[..length] + "…";

    [LoggerMessage(6201, LogLevel.Information, "{Line}")]
    private static partial void LogAccess(ILogger logger, string line);
}

internal sealed record AccessLogLine(
    DateTimeOffset Time, string? Client, string Listener, string Method, string Scheme, string Host, string Path, string Protocol,
    int Status, long? Length, double Milliseconds, string? Cache, bool Aborted, string TraceId);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AccessLogLine))]
internal sealed partial class AccessLogJson : JsonSerializerContext;
