using CacheProxy.Client.Events;

namespace CacheProxy.Client;

/// <summary>Where events go, how they are signed, and how patiently. Section <c>CacheProxy</c> of the backend's configuration.</summary>
public sealed class CacheProxyClientOptions
{
    /// <summary>The path of the proxy's webhook.</summary>
    public const string EventsPath = "/_cache/events";

    /// <summary>
    /// <c>Targets:0…</c>: base addresses of proxies. Replicas that share a Redis are one target (any of them, or their load balancer);
    /// proxies that do not are a target each, and every event goes to all of them.
    /// </summary>
    public IList<Uri> Targets { get; } = [];

    /// <summary>
    /// <c>Secret</c>, and <c>PreviousSecret</c> while secrets are rotated: every attempt is signed with all of them. Empty: nothing can be sent.
    /// </summary>
    public IList<WebhookSecret> Secrets { get; } = [];

    /// <summary>How long one attempt may take. 1 to 60 s, default 20 s: a purge may have to wait for a replica's lease to lapse.</summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>The pause after the first failure; each further one doubles it. 1 ms to 1 min, default 500 ms.</summary>
    public TimeSpan FirstRetryAfter { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest pause between attempts, a target's <c>Retry-After</c> included. Up to 1 day, default 5 min.</summary>
    public TimeSpan LongestRetryAfter { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How often <see cref="CacheEventSender.SendAsync"/> tries one target before it reports a failure. 1 to 100, default 5.</summary>
    public int Attempts { get; set; } = 5;

    /// <summary>The age at which an undeliverable event becomes a dead letter. 1 day to 90 days, default 7 days.</summary>
    public TimeSpan GiveUpAfter { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How often the outbox is looked at without having been told of a new event. 10 ms to 1 min, default 1 s.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether events can be sent at all.</summary>
    public bool CanSend => Targets.Count > 0 && Secrets.Count > 0;
}
