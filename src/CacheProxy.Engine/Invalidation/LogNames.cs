using CacheProxy.Engine.Redis;
using StackExchange.Redis;

namespace CacheProxy.Engine.Invalidation;

/// <summary>What the log is called in Redis: all keys share a hash tag, so that a cluster keeps them together (INVALIDATION 5).</summary>
internal sealed class LogNames
{
    private readonly string _prefix;

    public LogNames(string instanceName)
    {
        _prefix = $"{{{instanceName}log}}";
        Control = [_prefix + ":ctl"];
        Log = [_prefix + ":ctl", _prefix + ":records", _prefix + ":mode"];
        ModeKeys = [_prefix + ":mode"];
        Probe = [_prefix + ":probe"];
        RecordChannel = instanceName + "log";
        AcknowledgementChannel = instanceName + "acks";
    }

    public RedisKey[] Control { get; }

    public RedisKey[] Log { get; }

    public RedisKey[] ModeKeys { get; }

    public RedisKey[] Probe { get; }

    public string RecordChannel { get; }

    public string AcknowledgementChannel { get; }

    public RedisKey[] LogAnd(string id) => [.. Log, $"{_prefix}:ids:{id}"];
}

/// <summary>The log's scripts.</summary>
internal static class LogScripts
{
    public static RedisScript Heartbeat { get; } = new("life", "heartbeat");

    public static RedisScript Append { get; } = new("life", "append");

    public static RedisScript Acknowledge { get; } = new("acknowledge");

    public static RedisScript Poll { get; } = new("poll");

    public static RedisScript Strike { get; } = new("strike");

    public static RedisScript Trim { get; } = new("trim");

    public static RedisScript Mode { get; } = new("mode");

    public static RedisScript Rights { get; } = new("rights");
}
