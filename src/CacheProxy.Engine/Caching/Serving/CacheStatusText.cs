using System.Globalization;

namespace CacheProxy.Engine.Caching.Serving;

/// <summary>The member that we append to <c>Cache-Status</c> (RFC 9211), one place for all of them. Never a key, a tag or a value of a client.</summary>
internal static class CacheStatusText
{
    private const string Name = "CacheProxy";

    public static string For(in Answer answer, long ttl) => answer.Result switch
    {
        CacheResult.Hit or CacheResult.HitShared => string.Create(CultureInfo.InvariantCulture, $"{Name}; hit; ttl={ttl}"),
        CacheResult.Stale => string.Create(CultureInfo.InvariantCulture, $"{Name}; hit; ttl={ttl}; detail={StaleDetail(answer)}"),
        CacheResult.Revalidated => $"{Name}; fwd=stale; fwd-status=304; stored",
        CacheResult.Miss => $"{Name}; fwd={DecisionTable.Forward(answer.Forward)}{Outcome(answer)}",
        CacheResult.Collapsed => $"{Name}; fwd={DecisionTable.Forward(answer.Forward)}; collapsed{Outcome(answer)}",
        CacheResult.Bypass => $"{Name}; fwd={DecisionTable.Forward(answer.Bypass)}; detail={answer.Detail}",
        _ => $"{Name}; detail={DecisionTable.Label(answer.Result)}",
    };

    private static string StaleDetail(in Answer answer) =>
        answer.BehindPurge ? "soft" : DecisionTable.Detail(answer.Stale ?? StaleReason.WhileRevalidate);

    private static string Outcome(in Answer answer) => answer.Stored ? "; stored" : answer.Detail is { } detail ? $"; detail={detail}" : "";
}
