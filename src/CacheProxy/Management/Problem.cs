using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CacheProxy.Management;

/// <summary>An error of ours, as RFC 9457 writes it.</summary>
/// <param name="Status">The status code.</param>
/// <param name="Code">The stable last part of its <c>type</c>, in kebab case.</param>
/// <param name="Title">What kind of error it is, the same each time.</param>
/// <param name="Detail">What happened, to what, and what to do.</param>
public readonly record struct Problem(int Status, string Code, string Title, string Detail)
{
    /// <summary>What every <c>type</c> of ours begins with.</summary>
    public const string TypePrefix = "urn:cacheproxy:";

    /// <summary>Writes it as the whole response; nothing when the response has begun already.</summary>
    public async Task WriteAsync(HttpContext context)
    {
        var response = context.Response;
        if (response.HasStarted) return;
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new ProblemBody(TypePrefix + Code, Title, Status, Detail, Activity.Current?.Id ?? context.TraceIdentifier),
            ProblemJson.Default.ProblemBody);
        response.StatusCode = Status;
        response.ContentType = "application/problem+json";
        response.Headers.CacheControl = "no-store";
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, context.RequestAborted);
    }

    /// <summary>Writes it, with the time after which a retry makes sense.</summary>
    public Task WriteAsync(HttpContext context, TimeSpan retryAfter)
    {
        context.Response.Headers.RetryAfter = ((long)Math.Max(1, Math.Ceiling(retryAfter.TotalSeconds))).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return WriteAsync(context);
    }
}

internal sealed record ProblemBody(string Type, string Title, int Status, string Detail, string TraceId);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ProblemBody))]
internal sealed partial class ProblemJson : JsonSerializerContext;
