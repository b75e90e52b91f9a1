using System.Diagnostics;

namespace CacheProxy.Engine.Telemetry;

/// <summary>The traces of the cache.</summary>
public static class CacheActivities
{
    /// <summary>The source's name, for those who subscribe.</summary>
    public const string Name = "CacheProxy";

    /// <summary>The source.</summary>
    public static ActivitySource Source { get; } = new(Name);
}
