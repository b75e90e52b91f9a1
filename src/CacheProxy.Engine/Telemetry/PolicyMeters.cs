using System.Collections.Concurrent;
using Prometheus;

namespace CacheProxy.Engine.Telemetry;

/// <summary>The children of one policy's request metrics, looked up once: a hit must not look labels up.</summary>
public sealed class PolicyMeters
{
    private static readonly string[] s_classes = ["1xx", "2xx", "3xx", "4xx", "5xx"];
    private readonly CacheMetrics _metrics;
    private readonly string _policy;
    private readonly IReadOnlyList<string> _results;
    private readonly Counter.Child?[] _requests;
    private readonly Histogram.Child?[] _durations;

    internal PolicyMeters(CacheMetrics metrics, string policy, IReadOnlyList<string> results)
    {
        _metrics = metrics;
        _policy = policy;
        _results = results;
        _requests = new Counter.Child?[results.Count * s_classes.Length];
        _durations = new Histogram.Child?[results.Count];
        Saved = metrics.OriginSaved.WithLabels(policy);
    }

    /// <summary>Seconds of the origin's time that hits have saved.</summary>
    public Counter.Child Saved { get; }

    /// <summary>Counts one answered request.</summary>
    /// <param name="result">The index of the result in the list that the meters were made with.</param>
    /// <param name="status">The status code sent.</param>
    /// <param name="seconds">How long it took.</param>
    public void Count(int result, int status, double seconds)
    {
        var code = Math.Clamp(status / 100, 1, 5) - 1;
        // Made at first use: a series that never counts is only bytes in a scrape.
        (_requests[(result * s_classes.Length) + code] ??= _metrics.Requests.WithLabels(_policy, _results[result], s_classes[code])).Inc();
        (_durations[result] ??= _metrics.RequestDuration.WithLabels(_policy, _results[result])).Observe(seconds);
    }
}

/// <summary>The meters of all policies.</summary>
/// <param name="metrics">Where they are.</param>
/// <param name="results">The labels of the results, in order.</param>
public sealed class PolicyMetersCatalog(CacheMetrics metrics, IReadOnlyList<string> results)
{
    private readonly ConcurrentDictionary<string, PolicyMeters> _meters = new();

    /// <summary>The meters of a policy; made at first use.</summary>
    public PolicyMeters Of(string policy) => _meters.GetOrAdd(policy, name => new PolicyMeters(metrics, name, results));
}
