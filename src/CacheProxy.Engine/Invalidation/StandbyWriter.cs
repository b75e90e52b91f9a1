using CacheProxy.Engine.Redis;
using StackExchange.Redis;

namespace CacheProxy.Engine.Invalidation;

/// <summary>
/// A script whose writes count only when enough standbys have them. <c>WAIT</c> speaks of the connection that it comes in on, so script and
/// <c>WAIT</c> must have gone through the same one: its id, asked before and after, says so. A reconnect between would make <c>WAIT</c>
/// confirm nothing at all, truthfully.
/// </summary>
internal sealed class StandbyWriter(LogNames names, int count, TimeSpan timeout)
{
    /// <summary>How many standbys must confirm; 0: this class is not needed.</summary>
    public int Count => count;

    /// <summary>Synchronous, for the log's own thread.</summary>
    public RedisResult Evaluate(IConnectionMultiplexer connection, RedisScript script, RedisKey[] keys, RedisValue[] values)
    {
        var calls = Send(connection, script, keys, values, whole: false);
        Wait(calls);
        if (!IsUnknown(calls)) return Judge(calls);
        calls = Send(connection, script, keys, values, whole: true);
        Wait(calls);
        return Judge(calls);
    }

    public async Task<RedisResult> EvaluateAsync(IConnectionMultiplexer connection, RedisScript script, RedisKey[] keys, RedisValue[] values)
    {
        var calls = Send(connection, script, keys, values, whole: false);
        await EndOf(calls);
        if (!IsUnknown(calls)) return Judge(calls);
        calls = Send(connection, script, keys, values, whole: true);
        await EndOf(calls);
        return Judge(calls);
    }

    /// <summary>Whatever came of them: <see cref="Judge"/> looks.</summary>
    private static Task<AggregateException?> EndOf(Task<RedisResult>[] calls) =>
        Task.WhenAll(calls).ContinueWith(static t => t.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private void Wait(Task<RedisResult>[] calls)
    {
        if (!EndOf(calls).Wait(timeout * 2)) throw new TimeoutException("The standbys of Redis were not heard of in time.");
    }

    private Task<RedisResult>[] Send(IConnectionMultiplexer connection, RedisScript script, RedisKey[] keys, RedisValue[] values, bool whole)
    {
        var server = MasterOf(connection);
        object[] call = [whole ? script.Text : script.Hash, keys.Length, .. keys.Select(k => (object)k), .. values.Select(v => (object)v)];
        int? database = connection.GetDatabase().Database;
        return
        [
            server.ExecuteAsync("CLIENT", "ID"),
            server.ExecuteAsync(database, whole ? "EVAL" : "EVALSHA", call, CommandFlags.NoRedirect),
            server.ExecuteAsync("WAIT", count, (long)timeout.TotalMilliseconds),
            server.ExecuteAsync("CLIENT", "ID"),
        ];
    }

    private static bool IsUnknown(Task<RedisResult>[] calls) =>
        calls[1].Exception?.InnerException is RedisServerException exception && RedisScript.IsUnknown(exception);

    private IServer MasterOf(IConnectionMultiplexer connection)
    {
        try
        {
            return connection.GetServer(names.Control[0], asyncState: null, CommandFlags.DemandMaster);
        }
        catch (InvalidOperationException exception) when (exception is not ObjectDisposedException)
        {
            // What the client library says while a standby is being promoted.
            throw new LogTransportException(LogFailure.NotMaster, "None of the servers of Redis that are connected is the master now. The master is looked for.", exception);
        }
    }

    private RedisResult Judge(Task<RedisResult>[] calls)
    {
        var result = calls[1].GetAwaiter().GetResult();
        if (calls.Any(c => !c.IsCompletedSuccessfully) || (long)calls[0].Result != (long)calls[3].Result)
            throw new LogTransportException(LogFailure.Standbys, "The connection to Redis changed while its standbys were waited for, so what they have is unknown.");
        var confirmed = (long)calls[2].Result;
        return confirmed >= count
            ? result
            : throw new LogTransportException(LogFailure.Standbys, $"Only {confirmed} of {count} standby(s) of Redis (Consistency:Standbys) have confirmed within {timeout.TotalMilliseconds} ms.");
    }
}
