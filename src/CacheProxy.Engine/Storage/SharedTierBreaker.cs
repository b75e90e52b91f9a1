using CacheProxy.Engine.Telemetry;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;

namespace CacheProxy.Engine.Storage;

/// <summary>
/// Leaves the shared tier alone after two failures in a row, and tries it with a <c>PING</c> in the background until it answers: no
/// request is ever the guinea pig. Polly's breaker holds the state under manual control; its own rule, a share of failures within a
/// window, would let a hung server cost hundreds of requests their time-out before it opens.
/// </summary>
public sealed class SharedTierBreaker : IDisposable
{
    private const int FailuresToOpen = 2;
    private static readonly TimeSpan s_probeInterval = TimeSpan.FromMilliseconds(200);
    private readonly CircuitBreakerManualControl _control = new(isIsolated: false);
    private readonly CircuitBreakerStateProvider _state = new();
    private readonly Func<CancellationToken, Task> _ping;
    private readonly CacheMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<SharedTierBreaker> _logger;
    private readonly CancellationTokenSource _stopping = new();
    private int _failures;
    private int _probing;

    /// <summary>Creates a closed breaker.</summary>
    /// <param name="ping">Succeeds when the server answers; throws when not.</param>
    /// <param name="metrics">For <c>cacheproxy_shared_breaker_open</c>.</param>
    /// <param name="time">Paces the probes.</param>
    /// <param name="logger">For the one line at each change.</param>
    public SharedTierBreaker(Func<CancellationToken, Task> ping, CacheMetrics metrics, TimeProvider time, ILogger<SharedTierBreaker> logger)
    {
        _ping = ping;
        _metrics = metrics;
        _time = time;
        _logger = logger;
        // Nothing is run through it: its state is asked before each call, and it judges none of their outcomes.
        _ = new ResiliencePipelineBuilder()
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions { ManualControl = _control, StateProvider = _state, ShouldHandle = static _ => PredicateResult.False() })
            .Build();
        metrics.SharedBreakerOpen.Set(0);
    }

    /// <summary>Whether calls are to be left out.</summary>
    public bool IsOpen => _state.CircuitState != CircuitState.Closed;

    internal void Succeeded()
    {
        if (Volatile.Read(ref _failures) != 0) Volatile.Write(ref _failures, 0);
    }

    internal void Failed()
    {
        if (Interlocked.Increment(ref _failures) < FailuresToOpen || Interlocked.Exchange(ref _probing, 1) != 0) return;
        _metrics.SharedBreakerOpen.Set(1);
        Log.BreakerOpened(_logger);
        _ = ProbeAsync();
    }

    private async Task ProbeAsync()
    {
        await _control.IsolateAsync(_stopping.Token);
        try
        {
            // Paces the probes; no request waits for them.
            while (!await AnswersAsync()) await Task.Delay(s_probeInterval, _time, _stopping.Token);
            await _control.CloseAsync(_stopping.Token);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        Volatile.Write(ref _failures, 0);
        Volatile.Write(ref _probing, 0);
        _metrics.SharedBreakerOpen.Set(0);
        Log.BreakerClosed(_logger);
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            await _ping(_stopping.Token);
            return true;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !_stopping.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Ends the probes.</summary>
    public void Dispose()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }
}

internal static partial class Log
{
    [LoggerMessage(2002, LogLevel.Warning, "The shared tier failed twice in a row and is left alone until it answers a PING; requests go on from memory and the origin")]
    public static partial void BreakerOpened(ILogger logger);

    [LoggerMessage(2003, LogLevel.Information, "The shared tier answers again")]
    public static partial void BreakerClosed(ILogger logger);
}
