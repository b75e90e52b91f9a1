using CacheProxy.Engine.Redis;
using StackExchange.Redis;

namespace CacheProxy.Engine.Invalidation;

/// <summary>What the client library's failures mean for the log, with the remedy where there is one.</summary>
internal static class RedisFailures
{
    /// <summary><see langword="null"/> for what is no failure of Redis: a mistake of ours must not look like one.</summary>
    public static LogTransportException? Translate(Exception exception, RedisOptions options) => exception switch
    {
        LogTransportException known => known,
        RedisServerException server => FromServer(server.Message, server, options),
        RedisCommandException command when IsRefused(command.Message) => Refused(command, options),
        RedisCommandException command => new(LogFailure.Unreachable, $"Redis ({options.ConnectionString}) cannot be asked: {command.Message}", command),
        TimeoutException => new(LogFailure.Unreachable, $"Redis ({options.ConnectionString}) has not answered within Redis:Timeout ({options.Timeout.TotalMilliseconds} ms).", exception),
        RedisException => new(LogFailure.Unreachable, $"Redis ({options.ConnectionString}) cannot be reached. Is it running, and does it accept our user?", exception),
        ObjectDisposedException => new(LogFailure.Unreachable, "The connection to Redis has been closed, since this process ends.", exception),
        _ => null,
    };

    /// <summary>Whether an error says that the user lacks a right.</summary>
    public static bool IsRefused(string message) =>
        message.Contains("NOPERM", StringComparison.Ordinal) || message.Contains("can't run", StringComparison.Ordinal)
        || message.Contains("can't access", StringComparison.Ordinal) || message.Contains("can't publish", StringComparison.Ordinal)
        || message.Contains("no permission", StringComparison.OrdinalIgnoreCase);

    private static LogTransportException FromServer(string message, Exception exception, RedisOptions options)
    {
        if (IsRefused(message)) return Refused(exception, options);
        return message.Split(' ', 2)[0] switch
        {
            "NOTMASTER" or "READONLY" or "MASTERDOWN" => new(LogFailure.NotMaster, $"Redis ({options.ConnectionString}) is a replica now. The master is looked for.", exception),
            "STALEMASTER" => new(LogFailure.StaleMaster, $"Redis ({options.ConnectionString}) has an older life of the log than this replica has seen: it was replaced, or its clock and data were set back. The master is looked for.", exception),
            "NOLIFE" => new(LogFailure.NoRights, $"Redis ({options.ConnectionString}) does not say run_id and master_replid in INFO, so a restart could not be noticed. Use Redis, Valkey or Garnet itself.", exception),
            "OOM" => new(LogFailure.Full, $"Redis ({options.ConnectionString}) is full and refuses writes. Raise maxmemory, or set maxmemory-policy to allkeys-lru.", exception),
            "NOREPLICAS" => new(LogFailure.Standbys, $"Redis ({options.ConnectionString}) has fewer standbys than its min-replicas-to-write.", exception),
            "NOAUTH" or "WRONGPASS" => new(LogFailure.NoRights, $"Redis ({options.ConnectionString}) does not accept user or password. Check ConnectionStrings:Redis.", exception),
            // Its own words: an error of the server about our scripts shows no keys.
            _ => new(LogFailure.Unreachable, $"Redis ({options.ConnectionString}) answered with an error: {message}", exception),
        };
    }

    private static LogTransportException Refused(Exception exception, RedisOptions options) =>
        new(LogFailure.NoRights, $"The user of Redis ({options.ConnectionString}) lacks a right. {RedisRights.Remedy(options.InstanceName)}", exception);
}
