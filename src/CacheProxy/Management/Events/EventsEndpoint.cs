using System.Security.Cryptography;
using System.Text;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Telemetry;
using CacheProxy.Management.Authentication;
using CacheProxy.Management.Purging;

namespace CacheProxy.Management.Events;

/// <summary>
/// <c>POST /_cache/events</c>: the backend says what changed. The signature over the raw bytes is checked before anything of the body is
/// looked at; a refusal says nothing that would help to forge the next one.
/// </summary>
internal sealed partial class EventsEndpoint(
    ManagementOptions management, WebhookOptions options, EventMapper mapper, Purger purger, CacheMetrics metrics, TimeProvider time,
    ILogger<EventsEndpoint> logger) : IManagementEndpoint
{
    private int _explained;

    public string Path { get; } = management.Prefix + "/events";

    public string Method => HttpMethods.Post;

    public Permission Needs => Permission.None;

    public bool AlwaysOnClientsListener => true;

    public async Task HandleAsync(HttpContext context, string caller)
    {
        if (options.Keys.IsEmpty)
        {
            if (Interlocked.Exchange(ref _explained, 1) == 0) LogNotConfigured(logger);
            await RefuseAsync(context, WebhookRefusal.NotConfigured);
            return;
        }

        if (WebhookSignature.Read(context.Request.Headers) is not { } signature)
        {
            await RefuseAsync(context, WebhookRefusal.Malformed);
            return;
        }

        if (await BoundedBody.ReadAsync(context.Request, options.MaxBody, context.RequestAborted) is not { } body)
        {
            await RefuseAsync(context, WebhookRefusal.TooLarge, Problems.TooLarge($"The body is longer than {options.MaxBody} bytes. Send several events."));
            return;
        }

        var refusal = signature.Verify(body, options.Keys, time.GetUtcNow());
        if (refusal != WebhookRefusal.None)
        {
            await RefuseAsync(context, refusal);
            return;
        }

        await ApplyAsync(context, signature.Id, body);
    }

    private async Task ApplyAsync(HttpContext context, string id, byte[] body)
    {
        if (!BoundedBody.IsJson(context.Request, "application/cloudevents+json"))
        {
            await RefuseAsync(context, WebhookRefusal.ContentType, Problems.NotJson);
            return;
        }

        using var document = BoundedBody.Parse(body, out var error);
        if (document is null)
        {
            await RefuseAsync(context, WebhookRefusal.Body, Problems.InvalidJson(error!));
            return;
        }

        if (!BackendEvent.TryRead(document.RootElement, out var received, out error))
        {
            await RefuseAsync(context, WebhookRefusal.Body, new(StatusCodes.Status422UnprocessableEntity, "invalid-event", "Invalid event", error!));
            return;
        }

        if (!mapper(received.Type, received.Data, out var invalidation, out error))
        {
            await RefuseAsync(context, WebhookRefusal.Unmapped, new(StatusCodes.Status422UnprocessableEntity, "event-not-mapped", "Event not mapped", error!));
            return;
        }

        if (Purger.TooLarge(invalidation!) is { } tooLarge)
        {
            await RefuseAsync(context, WebhookRefusal.TooLarge, tooLarge);
            return;
        }

        if (await purger.AppendAsync(context, invalidation!, InvalidationSource.Event, PurgeId(id, body), $"event {id}") is { } receipt)
            await ManagementJson.WriteAsync(context, Purger.Describe(receipt), ManagementJson.Default.ReceiptBody);
    }

    /// <summary>Another content under the same id is another purge, and no other source can forge the id of an event.</summary>
    private static string PurgeId(string id, byte[] body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.ASCII.GetBytes($"event.{id}."));
        hash.AppendData(body);
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }

    private Task RefuseAsync(HttpContext context, WebhookRefusal refusal, Problem? problem = null)
    {
        metrics.WebhooksRefused.WithLabels(Label(refusal)).Inc();
        LogRefused(logger, refusal);
        return (problem ?? Problems.BadSignature).WriteAsync(context);
    }

    private static string Label(WebhookRefusal refusal) => refusal switch
    {
        WebhookRefusal.NotConfigured => "not-configured",
        WebhookRefusal.Malformed => "malformed",
        WebhookRefusal.Timestamp => "timestamp",
        WebhookRefusal.Signature => "signature",
        WebhookRefusal.TooLarge => "too-large",
        WebhookRefusal.ContentType => "content-type",
        WebhookRefusal.Body => "body",
        _ => "unmapped",
    };

    [LoggerMessage(7101, LogLevel.Debug, "A webhook was refused: {Refusal}.")]
    private static partial void LogRefused(ILogger logger, WebhookRefusal refusal);

    [LoggerMessage(7102, LogLevel.Warning, "A webhook came in, but no secret is configured, so all are refused with 401. Set Webhooks:Secrets:0 to the secret that the backend signs with (echo whsec_$(openssl rand -base64 32)).")]
    private static partial void LogNotConfigured(ILogger logger);
}
