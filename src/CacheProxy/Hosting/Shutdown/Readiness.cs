namespace CacheProxy.Hosting.Shutdown;

/// <summary>Whether new requests should be sent here: after the start, until the process was asked to end.</summary>
public sealed class Readiness
{
    private volatile bool _started;
    private volatile bool _draining;

    /// <summary>Whether it is so now.</summary>
    public bool IsReady => _started && !_draining;

    /// <summary>Whether the process was asked to end.</summary>
    public bool IsDraining => _draining;

    internal void Started() => _started = true;

    internal void Draining() => _draining = true;
}
