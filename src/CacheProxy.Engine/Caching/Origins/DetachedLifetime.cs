using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;

namespace CacheProxy.Engine.Caching.Origins;

/// <summary>
/// How long a fill's context lives: until its head is late, nobody wants it, or the endpoint aborts it because its own origin broke off. The
/// time-out feature is a stub: YARP insists on one for routes with a time-out, and the fill's own clock enforces it.
/// </summary>
internal sealed class DetachedLifetime : IHttpRequestLifetimeFeature, IHttpRequestTimeoutFeature, IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly CancellationToken _outer;
    private readonly CancellationTokenRegistration _outerCancels;
    private readonly bool _isTimed;
    private bool _headArrived;
    private bool _wasLate;

    public DetachedLifetime(TimeSpan headTimeout, CancellationToken outer)
    {
        _outer = outer;
        _outerCancels = outer.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
        _isTimed = headTimeout > TimeSpan.Zero;
        if (_isTimed) _source.CancelAfter(headTimeout);
        RequestAborted = _source.Token;
    }

    public CancellationToken RequestAborted { get; set; }

    public CancellationToken RequestTimeoutToken => _source.Token;

    /// <summary>The endpoint gave the response up.</summary>
    public bool WasAborted { get; private set; }

    public bool HeadTimedOut => _wasLate || (!_headArrived && !WasAborted && _source.IsCancellationRequested && !_outer.IsCancellationRequested);

    public void HeadArrived()
    {
        _headArrived = true;
        if (_isTimed) _source.CancelAfter(Timeout.InfiniteTimeSpan);
    }

    public void Abort()
    {
        // What comes of a late head is no reason of its own.
        _wasLate = HeadTimedOut;
        WasAborted = true;
        _source.Cancel();
    }

    public void DisableTimeout()
    {
        // The fill's own clock decides.
    }

    public void Dispose()
    {
        _outerCancels.Dispose();
        _source.Dispose();
    }
}
