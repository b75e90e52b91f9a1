using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Policies;

namespace CacheProxy.Engine.Caching;

/// <summary>What the cache did for a request (DESIGN 8). The closed list that log, metric, <c>Cache-Status</c>, <c>X-Cache</c> and explain share.</summary>
public enum CacheResult
{
    /// <summary>Answered from memory.</summary>
    Hit,

    /// <summary>Answered from the shared tier.</summary>
    HitShared,

    /// <summary>Answered from a stored response that is no longer fresh.</summary>
    Stale,

    /// <summary>Answered from a stored response that the origin has just confirmed.</summary>
    Revalidated,

    /// <summary>Answered by the origin, by a fill that this request started.</summary>
    Miss,

    /// <summary>Answered by a fill that another request had started.</summary>
    Collapsed,

    /// <summary>Past the cache.</summary>
    Bypass,

    /// <summary>The access check said no.</summary>
    Denied,

    /// <summary>An error of ours: the origin could not be reached, or we are full.</summary>
    Error,
}

/// <summary>Why a stored response was served stale.</summary>
public enum StaleReason
{
    /// <summary>Within <c>stale-while-revalidate</c>; a refresh is under way.</summary>
    WhileRevalidate,

    /// <summary>Within <c>stale-if-error</c>; the origin failed.</summary>
    IfError,

    /// <summary>The client accepts it (<c>max-stale</c>).</summary>
    Accepted,
}

/// <summary>The texts of the table: one row per result.</summary>
internal static class DecisionTable
{
    private static readonly (string XCache, string Label)[] s_rows =
    [
        ("HIT", "hit"), ("HIT", "hit_shared"), ("STALE", "stale"), ("REVALIDATED", "revalidated"), ("MISS", "miss"),
        ("MISS", "collapsed"), ("BYPASS", "bypass"), ("", "denied"), ("", "error"),
    ];

    private static readonly string[] s_bypass = [.. Enum.GetNames<BypassReason>().Select(Kebab)];
    private static readonly string[] s_origin = [.. Enum.GetNames<OriginResult>().Select(Kebab)];
    private static readonly string[] s_failures = [.. Enum.GetNames<FillFailure>().Select(Kebab)];

    public static string XCache(CacheResult result) => s_rows[(int)result].XCache;

    public static string Label(CacheResult result) => s_rows[(int)result].Label;

    public static string Label(BypassReason reason) => s_bypass[(int)reason];

    public static string Label(OriginResult result) => s_origin[(int)result];

    public static string Label(FillFailure failure) => s_failures[(int)failure];

    public static ForwardReason Forward(BypassReason reason) => reason switch
    {
        BypassReason.Method => ForwardReason.Method,
        BypassReason.Requested => ForwardReason.Request,
        _ => ForwardReason.Bypass,
    };

    public static string Detail(StaleReason reason) => reason switch
    {
        StaleReason.WhileRevalidate => "swr",
        StaleReason.IfError => "error",
        _ => "max-stale",
    };

    /// <summary>Kebab case of an enum member: what labels and details are written in.</summary>
    private static string Kebab(string name) => string.Concat(name.Select((c, i) => i > 0 && char.IsUpper(c) ? $"-{char.ToLowerInvariant(c)}" : char.ToLowerInvariant(c).ToString()));
}
