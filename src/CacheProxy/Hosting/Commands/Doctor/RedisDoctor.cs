using System.Globalization;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Redis;
using CacheProxy.Management.Statistics;
using StackExchange.Redis;

namespace CacheProxy.Hosting.Commands.Doctor;

/// <summary>Looks at Redis: whether it answers, what our user may do, what it drops when it is full, its standbys, its clock, and whose names are under ours.</summary>
internal sealed class RedisDoctor(RedisOptions options, ConsistencyOptions consistency, TimeProvider time, ICollection<Finding> findings)
{
    // An entry that comes from the future is a miss: clocks of replicas must agree better than the shortest times to live.
    private static readonly TimeSpan s_skew = TimeSpan.FromSeconds(1);

    // For a look there is more time than for a request.
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(3);

    public async Task LookAsync()
    {
        await using var connections = new RedisConnections(options with { Timeout = s_timeout, AllowAdmin = true });
        var connection = await connections.GetSharedAsync();
        try
        {
            await connection.GetDatabase().PingAsync();
            if (LookAtRights(connection))
                foreach (var server in connection.GetServers().Where(static server => server is { IsConnected: true, IsReplica: false })) await LookAtAsync(server, connection.GetDatabase().Database);
        }
        catch (Exception exception) when (SharedStoreAccess.IsStoreFault(exception))
        {
            findings.Add(new(
                "redis", $"Redis ({options.ConnectionString}) does not answer as our user: {Reason(exception)}",
                "Start it, or correct ConnectionStrings:Redis or REDIS_URL, user, password and Redis:Tls; until then nothing is shared and purges are refused"));
        }
    }

    private bool LookAtRights(IConnectionMultiplexer connection)
    {
        var refused = LogDiagnosis.RefusedCommands(connection, options.InstanceName);
        if (refused.Count > 0)
            findings.Add(new("redis-rights", $"our user in Redis may not use {string.Join(", ", refused.Distinct(StringComparer.Ordinal))}: there is no lease without", RedisRights.Remedy(options.InstanceName)));
        // Without them the rest cannot be looked at.
        return !refused.Contains("EVAL") && !refused.Contains("INFO");
    }

    private async Task LookAtAsync(IServer server, int database)
    {
        var memory = await RedisInfo.ReadAsync(server, "memory");
        LookAtMemory(memory);
        var replication = await RedisInfo.ReadAsync(server, "replication");
        LookAtStandbys(replication);
        if (replication["connected_slaves"] is not (null or "0")) await LookAtBacklogAsync(server);
        await LookAtClockAsync(server);
        var foreign = await new ForeignNames(options.InstanceName).FindAsync(server, database);
        if (foreign is not null)
            findings.Add(new(
                "redis-prefix", $"'{foreign}' is a name under {options.InstanceName} that is none of ours: another program writes there, and what it deletes or overwrites may be ours",
                "Give one of the two another prefix: Redis:InstanceName"));
    }

    private void LookAtMemory(RedisInfo memory)
    {
        // Garnet does not say.
        if (memory["maxmemory_policy"] is not { } policy || memory["maxmemory"] is not { } limit) return;
        if (limit == "0")
            findings.Add(new("redis-policy", "Redis has no maxmemory: entries fill the machine until the system ends Redis", "CONFIG SET maxmemory 256mb and CONFIG SET maxmemory-policy allkeys-lru, and the same in redis.conf"));
        else if (policy == "noeviction")
            findings.Add(new("redis-policy", "maxmemory-policy is noeviction: when Redis is full it refuses heartbeats and purges, and nothing is served from the cache", "CONFIG SET maxmemory-policy allkeys-lru, and the same in redis.conf"));
    }

    private void LookAtStandbys(RedisInfo replication)
    {
        var attached = int.TryParse(replication["connected_slaves"], NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 0;
        var required = replication["min_slaves_good_slaves"] is not null;
        var promotable = consistency.Standbys ?? 0;
        if (consistency.Standbys is null && attached > 0)
            findings.Add(new("redis-standbys", $"Redis has {attached} standby(s), and nobody has said how many may be promoted: there is no lease until it is said", "Set Consistency:Standbys to that number (0 if none ever is)"));
        else if (attached < promotable)
            findings.Add(new("redis-standbys", $"Consistency:Standbys is {promotable}, and {attached} are attached: no purge is recorded and there is no lease", "Attach the standbys again, or lower Consistency:Standbys"));
        else if (promotable > 0 && !required)
            findings.Add(new("redis-min-replicas", "min-replicas-to-write is 0: a master that was cut off goes on taking writes that its successor never sees", $"CONFIG SET min-replicas-to-write {promotable} and CONFIG SET min-replicas-max-lag 10, and the same in redis.conf"));
        if (required && replication["min_slaves_good_slaves"] == "0")
            findings.Add(new("redis-min-replicas", "min-replicas-to-write is set, and no standby keeps up: Redis refuses all writes", "Attach a standby, or CONFIG SET min-replicas-to-write 0"));
    }

    // A server without standbys for that long takes a new replication id, which for the log is another life.
    private async Task LookAtBacklogAsync(IServer server)
    {
        RedisResult[] setting;
        try
        {
            setting = (RedisResult[]?)await server.ExecuteAsync("CONFIG", "GET", "repl-backlog-ttl") ?? [];
        }
        catch (RedisException)
        {
            // Our user need not have the right to know.
            return;
        }
        if (setting is [_, var seconds] && (string?)seconds is not "0")
            findings.Add(new(
                "redis-backlog", $"repl-backlog-ttl is {seconds}: when the last standby is away for so many seconds, Redis changes its replication id, and all that is cached is fetched again, once",
                "CONFIG SET repl-backlog-ttl 0, and the same in redis.conf"));
    }

    private async Task LookAtClockAsync(IServer server)
    {
        var asked = time.GetUtcNow();
        var theirs = new DateTimeOffset(await server.TimeAsync(), TimeSpan.Zero);
        var answered = time.GetUtcNow();
        var skew = theirs < asked ? asked - theirs : theirs > answered ? theirs - answered : TimeSpan.Zero;
        if (skew > s_skew) findings.Add(Clock.Finding("Redis", theirs > answered, skew));
    }

    // A server's own words show no keys; those of the client library name addresses and states only.
    private static string Reason(Exception exception) => exception.Message.TrimEnd('.').ReplaceLineEndings(" ");
}
