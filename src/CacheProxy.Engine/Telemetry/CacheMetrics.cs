using Prometheus;

namespace CacheProxy.Engine.Telemetry;

/// <summary>
/// Every metric of the cache, in one place: name, labels, meaning. Label values are policy names and members of closed enums, never a
/// key, a tag or anything a client sent. <c>docs/metrics.md</c> is held against this table by a test.
/// </summary>
public sealed class CacheMetrics
{
    private static readonly double[] s_seconds =
        [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

    /// <summary>Creates the metrics in a registry of their own choice.</summary>
    public CacheMetrics(IMetricFactory factory)
    {
        Requests = factory.CreateCounter("cacheproxy_requests_total", "Requests answered, by policy, result of the cache and class of status code.", ["policy", "result", "code"]);
        RequestDuration = Seconds(factory, "cacheproxy_request_duration_seconds", "From the request's head to the end of its answer.", "policy", "result");
        Bypass = factory.CreateCounter("cacheproxy_bypass_total", "Requests that went past the cache, by reason. A rise after a release means that clients send what the policy does not expect.", ["policy", "reason"]);
        OriginDuration = new LabelPairs<Histogram.Child>(Seconds(factory, "cacheproxy_origin_duration_seconds", "From the fill's start to its end.", "policy", "outcome").WithLabels);
        OriginSaved = factory.CreateCounter("cacheproxy_origin_saved_seconds_total", "Seconds of the origin's time that hits have saved: for each hit what its fill had taken.", ["policy"]);
        FillsInFlight = factory.CreateGauge("cacheproxy_fills_in_flight", "Requests to the origin for the cache that are under way.");
        FillWaiters = factory.CreateGauge("cacheproxy_fill_waiters", "Requests that wait for a fill, or a read of the shared tier, that another one started.");
        FillsRejected = factory.CreateCounter("cacheproxy_fills_rejected_total", "Fills refused with 503 because Origin:MaxConcurrentFills and its queue were full.");
        NotStored = factory.CreateCounter("cacheproxy_not_stored_total", "Responses that were not stored, by reason.", ["policy", "reason"]);
        MemoryBytes = factory.CreateGauge("cacheproxy_memory_bytes", "Bytes held by the memory tier, of Memory:Limit.");
        MemoryEntries = factory.CreateGauge("cacheproxy_memory_entries", "Stored responses in the memory tier.");
        Evictions = factory.CreateCounter("cacheproxy_evictions_total", "Entries that left the memory tier, by reason. Many by 'size' mean that Memory:Limit is small for the working set.", ["reason"]);
        SharedDuration = new LabelPairs<Histogram.Child>(Seconds(factory, "cacheproxy_shared_duration_seconds", "Calls to the shared tier.", "operation", "outcome").WithLabels);
        SharedBreakerOpen = factory.CreateGauge("cacheproxy_shared_breaker_open", "1 while the shared tier is left alone because it failed.");
        Invalidations = factory.CreateCounter("cacheproxy_invalidations_total", "Purges acknowledged by this replica, by who asked and mode.", ["source", "mode"]);
        InvalidationAck = Seconds(factory, "cacheproxy_invalidation_ack_duration_seconds", "From a purge's arrival to its acknowledgement: when it is true on every replica.");
        InvalidationsPending = factory.CreateGauge("cacheproxy_invalidations_pending", "Purges of changes that have happened, kept until they can be recorded. Above 0 this replica holds no lease.");
        WebhooksRefused = factory.CreateCounter("cacheproxy_webhooks_refused_total", "Webhooks that were refused, by reason.", ["reason"]);
        LogPosition = factory.CreateGauge("cacheproxy_log_position", "The last record of the log that this replica has worked in.");
        LogSpan = factory.CreateGauge("cacheproxy_log_span_seconds", "How far back the log reaches. Less than a TTL means that entries are given up early.");
        LeaseValid = factory.CreateGauge("cacheproxy_lease_valid", "1 while this replica may answer from its cache.");
        Replicas = factory.CreateGauge("cacheproxy_replicas", "Replicas registered at the log.");
        Verify = factory.CreateCounter("cacheproxy_verify_total", "Hits whose response was fetched again and compared (Verify), by outcome. 'different' means that the backend changed something and sent no event.", ["policy", "outcome"]);
        Shadow = factory.CreateCounter("cacheproxy_shadow_total", "Requests under Mode Shadow, by what the policy would have made of them.", ["policy", "outcome"]);
        ConfigValid = factory.CreateGauge("cacheproxy_config_valid", "0 while routes.json is broken and the one before it goes on.");
        ConfigInfo = factory.CreateGauge("cacheproxy_config_info", "1, labelled with the hash of the configuration in effect.", ["hash"]);
        BuildInfo = factory.CreateGauge("cacheproxy_build_info", "1, labelled with the version.", ["version"]);
    }

    /// <summary><c>cacheproxy_requests_total</c>.</summary>
    public Counter Requests { get; }

    /// <summary><c>cacheproxy_request_duration_seconds</c>.</summary>
    public Histogram RequestDuration { get; }

    /// <summary><c>cacheproxy_bypass_total</c>.</summary>
    public Counter Bypass { get; }

    /// <summary><c>cacheproxy_origin_duration_seconds</c>.</summary>
    public LabelPairs<Histogram.Child> OriginDuration { get; }

    /// <summary><c>cacheproxy_origin_saved_seconds_total</c>.</summary>
    public Counter OriginSaved { get; }

    /// <summary><c>cacheproxy_fills_in_flight</c>.</summary>
    public Gauge FillsInFlight { get; }

    /// <summary><c>cacheproxy_fill_waiters</c>.</summary>
    public Gauge FillWaiters { get; }

    /// <summary><c>cacheproxy_fills_rejected_total</c>.</summary>
    public Counter FillsRejected { get; }

    /// <summary><c>cacheproxy_not_stored_total</c>.</summary>
    public Counter NotStored { get; }

    /// <summary><c>cacheproxy_memory_bytes</c>.</summary>
    public Gauge MemoryBytes { get; }

    /// <summary><c>cacheproxy_memory_entries</c>.</summary>
    public Gauge MemoryEntries { get; }

    /// <summary><c>cacheproxy_evictions_total</c>.</summary>
    public Counter Evictions { get; }

    /// <summary><c>cacheproxy_shared_duration_seconds</c>.</summary>
    public LabelPairs<Histogram.Child> SharedDuration { get; }

    /// <summary><c>cacheproxy_shared_breaker_open</c>.</summary>
    public Gauge SharedBreakerOpen { get; }

    /// <summary><c>cacheproxy_invalidations_total</c>.</summary>
    public Counter Invalidations { get; }

    /// <summary><c>cacheproxy_invalidation_ack_duration_seconds</c>.</summary>
    public Histogram InvalidationAck { get; }

    /// <summary><c>cacheproxy_invalidations_pending</c>.</summary>
    public Gauge InvalidationsPending { get; }

    /// <summary><c>cacheproxy_webhooks_refused_total</c>.</summary>
    public Counter WebhooksRefused { get; }

    /// <summary><c>cacheproxy_log_position</c>.</summary>
    public Gauge LogPosition { get; }

    /// <summary><c>cacheproxy_log_span_seconds</c>.</summary>
    public Gauge LogSpan { get; }

    /// <summary><c>cacheproxy_lease_valid</c>.</summary>
    public Gauge LeaseValid { get; }

    /// <summary><c>cacheproxy_replicas</c>.</summary>
    public Gauge Replicas { get; }

    /// <summary><c>cacheproxy_verify_total</c>.</summary>
    public Counter Verify { get; }

    /// <summary><c>cacheproxy_shadow_total</c>.</summary>
    public Counter Shadow { get; }

    /// <summary><c>cacheproxy_config_valid</c>.</summary>
    public Gauge ConfigValid { get; }

    /// <summary><c>cacheproxy_config_info</c>.</summary>
    public Gauge ConfigInfo { get; }

    /// <summary><c>cacheproxy_build_info</c>.</summary>
    public Gauge BuildInfo { get; }

    private static Histogram Seconds(IMetricFactory factory, string name, string help, params string[] labels) =>
        factory.CreateHistogram(name, help, labels, new HistogramConfiguration { Buckets = s_seconds });
}
