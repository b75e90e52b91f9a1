using StackExchange.Redis;

namespace CacheProxy.Management.Statistics;

/// <summary>What a server says in a section of <c>INFO</c>.</summary>
internal sealed class RedisInfo(string text)
{
    public static async Task<RedisInfo> ReadAsync(IServer server, string section) =>
        // The client library sends a plain INFO over connections in its admin mode only, in which it would send FLUSHALL too.
        new((string?)await server.ExecuteAsync("EVAL", $"return redis.call('INFO', '{section}')", 0) ?? "");

    /// <summary>A field; <see langword="null"/> where the server does not have it.</summary>
    public string? this[string field]
    {
        get
        {
            foreach (var line in text.AsSpan().EnumerateLines())
                if (line.StartsWith(field, StringComparison.Ordinal) && line[field.Length..].StartsWith(":", StringComparison.Ordinal)) return line[(field.Length + 1)..].ToString();
            return null;
        }
    }
}
