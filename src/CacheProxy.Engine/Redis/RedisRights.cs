namespace CacheProxy.Engine.Redis;

/// <summary>What the user in Redis must be allowed to do (INVALIDATION 5).</summary>
public static class RedisRights
{
    private const string Commands =
        "+eval +evalsha +script|load +info +time +wait +client|id +scan +unlink +del +exists +get +set +pttl +hset +hget +hmget +hgetall +hkeys"
        + " +hincrby +hdel +zadd +zcard +zrange +zrangebyscore +zremrangebyscore +publish +subscribe +unsubscribe +ping +echo +select +dbsize";

    /// <summary>The command that grants all of it to a user of ours alone, on names of ours alone.</summary>
    /// <param name="instanceName"><c>Redis:InstanceName</c>.</param>
    public static string AclLine(string instanceName) =>
        $"ACL SETUSER cacheproxy on >password resetkeys ~{instanceName}* ~{{{instanceName}* resetchannels &{instanceName}* &__Booksleeve* {Commands}";

    /// <summary>What to do about a missing right.</summary>
    public static string Remedy(string instanceName) => $"Grant it with: {AclLine(instanceName)}";
}
