using System.Globalization;
using System.Text;
using StackExchange.Redis;

namespace CacheProxy.Management.Statistics;

/// <summary>How many stored responses Redis holds, and how much memory it uses. A count walks all names, so it is at most ten seconds old instead of new.</summary>
internal sealed class SharedStoreFigures(TimeProvider time, SharedStoreAccess? store = null)
{
    private static readonly TimeSpan s_maxAge = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private Task<long>? _counting;
    private (long Keys, long At)? _counted;

    /// <summary>Names under our prefix; null when Redis does not answer.</summary>
    public async Task<long?> CountKeysAsync()
    {
        if (store?.Connection() is not { IsConnected: true } connection) return null;
        Task<long> counting;
        lock (_lock)
        {
            if (_counted is { } counted && time.GetElapsedTime(counted.At) < s_maxAge) return counted.Keys;
            if (_counting is null or { IsCompleted: true }) _counting = CountAsync(connection, store.EntryPrefix);
            counting = _counting;
        }

        try
        {
            var keys = await counting.WaitAsync(s_patience, time);
            lock (_lock) _counted = (keys, time.GetTimestamp());
            return keys;
        }
        catch (Exception exception) when (SharedStoreAccess.IsStoreFault(exception))
        {
            lock (_lock) return _counted?.Keys;
        }
    }

    /// <summary>Bytes that Redis uses, over all its masters; null when it does not say (Garnet does not).</summary>
    public async Task<long?> ReadUsedMemoryAsync()
    {
        if (store?.Connection() is not { IsConnected: true } connection) return null;
        try
        {
            long sum = 0;
            foreach (var server in Masters(connection))
            {
                var memory = await RedisInfo.ReadAsync(server, "memory").WaitAsync(store.Timeout, time);
                if (!long.TryParse(memory["used_memory"], NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)) return null;
                sum += bytes;
            }

            return sum == 0 ? null : sum;
        }
        catch (Exception exception) when (SharedStoreAccess.IsStoreFault(exception))
        {
            return null;
        }
    }

    /// <summary>A number of bytes as Redis writes it for people: <c>1.50M</c>.</summary>
    public static string Human(long bytes) => bytes switch
    {
        < 1L << 10 => string.Create(CultureInfo.InvariantCulture, $"{bytes}B"),
        < 1L << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:F2}K"),
        < 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1024.0 * 1024):F2}M"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1024.0 * 1024 * 1024):F2}G"),
    };

    private static async Task<long> CountAsync(IConnectionMultiplexer connection, string prefix)
    {
        var database = connection.GetDatabase().Database;
        long count = 0;
        foreach (var server in Masters(connection))
        {
            await foreach (var _ in server.KeysAsync(database, EscapeGlob(prefix) + "*", pageSize: 1_000)) count++;
        }

        return count;
    }

    private static IEnumerable<IServer> Masters(IConnectionMultiplexer connection) =>
        connection.GetServers().Where(server => server is { IsConnected: true, IsReplica: false });

    private static string EscapeGlob(string text)
    {
        var result = new StringBuilder();
        foreach (var c in text)
        {
            if (c is '*' or '?' or '[' or ']' or '\\' or '^') result.Append('\\');
            result.Append(c);
        }

        return result.ToString();
    }
}
