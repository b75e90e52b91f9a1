using System.Globalization;
using System.Security.Cryptography;
using StackExchange.Redis;

namespace CacheProxy.Engine.Invalidation;

/// <summary>Reads what the log's scripts return. A shape that is not theirs is an error of the server's, not of ours.</summary>
internal static class LogReplies
{
    public static string FreshNonce() => RandomNumberGenerator.GetHexString(32, lowercase: true);

    public static HeartbeatReply Heartbeat(RedisResult result, Action<int, string> requireStandbys)
    {
        var fields = Array(result, 13);
        requireStandbys((int)Number(fields[11]), Text(fields[12]));
        var mode = Text(fields[5]);
        var lifetime = Number(fields[6]);
        return new(new(Number(fields[0]), Text(fields[1])), Number(fields[2]), Number(fields[3]), [.. Array(fields[4], 0).Select(Text)])
        {
            Mode = mode.Length == 0 ? null : new(mode, lifetime >= 0 ? TimeSpan.FromMilliseconds(lifetime) : null),
            Replicas = (int)Number(fields[7]),
            Bytes = Number(fields[8]),
            OldestTime = Number(fields[9]),
            NewestTime = Number(fields[10]),
        };
    }

    public static AppendReply Append(RedisResult result)
    {
        var fields = Array(result, 8);
        var epoch = new Epoch(Number(fields[0]), Text(fields[1]));
        return new(
            new(epoch, Number(fields[2])), ReplicaRegistry.Read(Pairs(fields[3])), Again: Number(fields[4]) == 1,
            Records: Number(fields[7]) - Number(fields[5]), Bytes: Number(fields[6]));
    }

    /// <summary><see langword="null"/> for the registry of an epoch that is over.</summary>
    public static ReplicaRegistry? Registry(RedisResult result) =>
        Array(result, 0).Length == 0 ? null : ReplicaRegistry.Read(Pairs(result));

    private static IEnumerable<KeyValuePair<string, string>> Pairs(RedisResult result)
    {
        var flat = Array(result, 0);
        for (var i = 0; i + 1 < flat.Length; i += 2) yield return new(Text(flat[i]), Text(flat[i + 1]));
    }

    private static RedisResult[] Array(RedisResult result, int least)
    {
        var array = (RedisResult[]?)result ?? [];
        return array.Length >= least ? array : throw Unexpected();
    }

    private static string Text(RedisResult result) => (string?)result ?? throw Unexpected();

    private static long Number(RedisResult result) =>
        long.TryParse(Text(result), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : throw Unexpected();

    private static LogTransportException Unexpected() =>
        new(LogFailure.Unreachable, "Redis answered a script of the log in a form that the script does not have. Is there a proxy between, or another program that uses our keys?");
}
