using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CacheProxy.Client.Events;

/// <summary>
/// Posts events to the proxies, signed as Standard Webhooks asks: the id stays, the timestamp and the signature are new on every attempt.
/// Thread-safe.
/// </summary>
public sealed partial class CacheEventSender(
    IHttpClientFactory clients, IOptions<CacheProxyClientOptions> options, RetrySchedule schedule, TimeProvider clock, ILogger<CacheEventSender> logger)
{
    internal const string HttpClientName = "CacheProxy.Client";
    private const int ShownAnswer = 200;

    internal IReadOnlyCollection<Uri> Targets { get; } = options.Value.Targets.AsReadOnly();

    /// <summary>
    /// Sends to every target at once, each with up to <see cref="CacheProxyClientOptions.Attempts"/> attempts; returns when all have taken it.
    /// </summary>
    /// <exception cref="CacheEventDeliveryException">At least one target did not take it.</exception>
    /// <exception cref="InvalidOperationException">No target or no secret is configured.</exception>
    public async Task SendAsync(CacheEvent cacheEvent, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(cacheEvent);
        if (!options.Value.CanSend)
        {
            throw new InvalidOperationException(
                $"The event '{cacheEvent.Type}' cannot be sent: configure CacheProxy:Targets:0 (the proxy's address) and CacheProxy:Secret (one of the proxy's Webhooks:Secrets).");
        }

        var results = await Task.WhenAll(options.Value.Targets.Select(target => SendToAsync(target, cacheEvent, cancellationToken)));
        var failures = results.Where(r => r.Outcome != DeliveryOutcome.Delivered).ToArray();
        if (failures.Length > 0) throw new CacheEventDeliveryException(cacheEvent, failures);
    }

    /// <summary>One attempt at one target. Never throws for what the network or the target does.</summary>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public async Task<DeliveryResult> TryOnceAsync(Uri target, CacheEvent cacheEvent, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(cacheEvent);
        using var timeout = new CancellationTokenSource(options.Value.AttemptTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            using var request = Request(target, cacheEvent);
            using var response = await clients.CreateClient(HttpClientName).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var answer = response.IsSuccessStatusCode ? "" : await StartOfAsync(response, either.Token);
            return new DeliveryResult(target, Classify(response.StatusCode), $"{(int)response.StatusCode} {answer}".TrimEnd(), RetryAfter(response.Headers.RetryAfter));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new DeliveryResult(target, DeliveryOutcome.Later, string.Create(CultureInfo.InvariantCulture, $"no answer within {options.Value.AttemptTimeout.TotalSeconds} s"));
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new DeliveryResult(target, DeliveryOutcome.Later, e.Message);
        }
    }

    internal static DeliveryOutcome Classify(HttpStatusCode status) => (int)status switch
    {
        >= 200 and < 300 => DeliveryOutcome.Delivered,
        410 => DeliveryOutcome.Gone,
        401 or 403 or 404 or 408 or 425 or 429 => DeliveryOutcome.Later,
        >= 400 and < 500 => DeliveryOutcome.Refused,
        _ => DeliveryOutcome.Later,
    };

    private async Task<DeliveryResult> SendToAsync(Uri target, CacheEvent cacheEvent, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var result = await TryOnceAsync(target, cacheEvent, cancellationToken);
            if (result.Outcome != DeliveryOutcome.Later || attempt >= options.Value.Attempts) return result;

            var pause = schedule.PauseAfter(attempt, result.RetryAfter);
            Log.WillRetry(logger, cacheEvent.Type, cacheEvent.Id, target, result.Reason, pause);
            // Back-off between attempts: the schedule's, or what the proxy asked for with Retry-After.
            await Task.Delay(pause, clock, cancellationToken);
        }
    }

    private HttpRequestMessage Request(Uri target, CacheEvent cacheEvent)
    {
        var now = clock.GetUtcNow();
        var signatures = options.Value.Secrets.Select(s => s.Sign(cacheEvent.Id, now, cacheEvent.Body.Span));
        var content = new ReadOnlyMemoryContent(cacheEvent.Body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(target.AbsoluteUri.TrimEnd('/') + CacheProxyClientOptions.EventsPath)) { Content = content };
        request.Headers.Add("webhook-id", cacheEvent.Id);
        request.Headers.Add("webhook-timestamp", now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", string.Join(' ', signatures));
        return request;
    }

    private TimeSpan? RetryAfter(RetryConditionHeaderValue? header)
    {
        var pause = header?.Delta ?? header?.Date - clock.GetUtcNow();
        return pause > TimeSpan.Zero ? pause : null;
    }

    private static async Task<string> StartOfAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        // Only the start: a wrong target may answer with anything, for ever.
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        var buffer = new char[ShownAnswer];
        var length = await reader.ReadBlockAsync(buffer, cancellationToken);
        return new string([.. buffer.AsSpan(0, length).ToArray().Select(c => char.IsControl(c) ? ' ' : c)]);
    }

    private static partial class Log
    {
        [LoggerMessage(7001, LogLevel.Warning, "Event '{Type}' ({Id}) was not taken by {Target}: {Reason}. Trying again in {Pause}.")]
        public static partial void WillRetry(ILogger logger, string type, string id, Uri target, string reason, TimeSpan pause);
    }
}
