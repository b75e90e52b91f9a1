using System.Diagnostics.Metrics;
using CacheProxy.Client.Events;

namespace CacheProxy.Client.Outbox;

/// <summary>
/// The meter <c>CacheProxy.Client</c>: <c>cacheproxy_client_attempts</c> (label <c>outcome</c>; alert when nothing but <c>later</c> grows)
/// and <c>cacheproxy_client_dead_letters</c> (alert on any increase: a proxy may serve old content for as long as its TTL).
/// </summary>
public sealed class OutboxMetrics
{
    /// <summary>The meter's name, for OpenTelemetry's <c>AddMeter</c> or <c>dotnet-counters</c>.</summary>
    public const string MeterName = "CacheProxy.Client";

    private readonly Counter<long> _attempts;
    private readonly Counter<long> _dead;

    /// <summary>Made by the container.</summary>
    public OutboxMetrics(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        var meter = meters.Create(MeterName);
        _attempts = meter.CreateCounter<long>("cacheproxy_client_attempts", description: "Attempts to deliver an event of the outbox, by outcome.");
        _dead = meter.CreateCounter<long>("cacheproxy_client_dead_letters", description: "Events that were given up. Mend the target, then redeliver.");
    }

    internal void Attempted(DeliveryOutcome outcome) => _attempts.Add(1, new KeyValuePair<string, object?>("outcome", outcome switch
    {
        DeliveryOutcome.Delivered => "delivered",
        DeliveryOutcome.Later => "later",
        DeliveryOutcome.Refused => "refused",
        _ => "gone",
    }));

    internal void GaveUp() => _dead.Add(1);
}
