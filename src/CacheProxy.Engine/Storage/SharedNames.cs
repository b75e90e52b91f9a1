using System.Runtime.CompilerServices;
using StackExchange.Redis;

namespace CacheProxy.Engine.Storage;

/// <summary>
/// The names in the shared tier, beside the store: what it cannot do is to list and to remove by name. Only a literal prefix is ever sent
/// as a pattern; foreign keys are out of its sight.
/// </summary>
internal sealed class SharedNames(Func<IConnectionMultiplexer?> connection, string instanceName)
{
    /// <summary>So many names are asked for, or removed, in one go.</summary>
    public const int PageSize = 512;

    private static readonly TimeSpan s_scanShared = TimeSpan.FromMilliseconds(200);
    private readonly string _prefix = instanceName + "__MSOCV_";

    /// <summary>All names that begin so, on every master, in no order; a name may come twice.</summary>
    public async IAsyncEnumerable<string> ScanAsync(string literalPrefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (connection() is not { IsConnected: true } redis) yield break;
        var pattern = Escape(_prefix + literalPrefix) + "*";
        foreach (var server in redis.GetServers().Where(static server => server is { IsConnected: true, IsReplica: false }))
        {
            await foreach (var key in server.KeysAsync(redis.GetDatabase().Database, pattern, PageSize).WithCancellation(cancellationToken))
                yield return ((string)key!)[_prefix.Length..];
        }
    }

    /// <summary>As <see cref="ScanAsync"/>, but on one replica only: the others, which do the same housekeeping, find nothing.</summary>
    public async IAsyncEnumerable<string> ScanOnceAsync(string literalPrefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (connection() is not { IsConnected: true } redis) yield break;
        if (!await redis.GetDatabase().StringSetAsync($"{instanceName}scan:{literalPrefix}", 1, s_scanShared, When.NotExists)) yield break;
        await foreach (var name in ScanAsync(literalPrefix, cancellationToken)) yield return name;
    }

    /// <summary>Unlinks names; those that are not there are no error.</summary>
    public async Task RemoveAsync(IEnumerable<string> names)
    {
        if (connection() is not { IsConnected: true } redis) return;
        var database = redis.GetDatabase();
        // One key a command: a cluster refuses several of different slots. Pipelined, so it costs one round trip a page.
        foreach (var page in names.Chunk(PageSize)) await Task.WhenAll(page.Select(name => database.KeyDeleteAsync(_prefix + name)));
    }

    /// <summary>What stands under a name.</summary>
    public async Task<SharedRecord?> ReadAsync(string name)
    {
        if (connection() is not { IsConnected: true } redis) return null;
        byte[]? bytes = await redis.GetDatabase().StringGetAsync(_prefix + name);
        return bytes is null ? null : EntryFormat.Decode(bytes);
    }

    private static string Escape(string literal)
    {
        Span<char> special = ['*', '?', '[', ']', '\\', '^'];
        if (literal.AsSpan().IndexOfAny(special) < 0) return literal;
        var escaped = new System.Text.StringBuilder(literal.Length + 8);
        foreach (var c in literal)
        {
            if (special.Contains(c)) escaped.Append('\\');
            escaped.Append(c);
        }
        return escaped.ToString();
    }
}
