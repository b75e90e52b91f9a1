using CacheProxy.Engine.Http;

namespace CacheProxy.Engine.Caching.Serving;

/// <summary>The row of the table as our member of <c>Cache-Status</c> (DESIGN 8). Never a key, a tag or a value of a client.</summary>
internal static class CacheStatusText
{
    /// <param name="answer">What was decided.</param>
    /// <param name="ttl">What is left of the stored response's freshness; not used where nothing stored is sent.</param>
    public static string For(in Answer answer, TimeSpan ttl) => Of(answer, ttl).ToString();

    private static CacheStatus Of(in Answer answer, TimeSpan ttl) => answer.Result switch
    {
        CacheResult.Hit or CacheResult.HitShared => new() { Hit = true, Ttl = ttl },
        CacheResult.Stale => new() { Hit = true, Ttl = ttl, Detail = answer.BehindPurge ? "soft" : DecisionTable.Detail(answer.Stale ?? StaleReason.WhileRevalidate) },
        CacheResult.Revalidated => new() { Forward = ForwardReason.Stale, ForwardStatus = 304, Stored = true },
        CacheResult.Miss => new() { Forward = answer.Forward, Stored = answer.Stored, Detail = answer.Detail },
        CacheResult.Collapsed => new() { Forward = answer.Forward, Stored = answer.Stored, Collapsed = true, Detail = answer.Detail },
        CacheResult.Bypass => new() { Forward = DecisionTable.Forward(answer.Bypass), Detail = answer.Detail },
        _ => new() { Detail = DecisionTable.Label(answer.Result) },
    };
}
