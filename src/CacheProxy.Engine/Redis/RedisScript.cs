using System.Security.Cryptography;
using System.Text;
using StackExchange.Redis;

namespace CacheProxy.Engine.Redis;

/// <summary>
/// A script that is called by its hash, and sent whole once a server says that it does not know it (after a restart, a failover, or
/// <c>SCRIPT FLUSH</c>). Only ever on a master.
/// </summary>
internal sealed class RedisScript
{
    private const CommandFlags Whole = CommandFlags.DemandMaster | CommandFlags.NoScriptCache;
    private readonly byte[] _hash;

    public RedisScript(params ReadOnlySpan<string> parts)
    {
        var text = new StringBuilder();
        foreach (var part in parts) text.Append(Read(part));
        Text = text.ToString();
#pragma warning disable CA5350 // Redis names scripts by SHA-1; nothing is protected by it.
        _hash = SHA1.HashData(Encoding.UTF8.GetBytes(Text));
#pragma warning restore CA5350
    }

    /// <summary>The Lua text.</summary>
    public string Text { get; }

    /// <summary>What <c>EVALSHA</c> takes.</summary>
    public string Hash => Convert.ToHexStringLower(_hash);

    public RedisResult Evaluate(IDatabase database, RedisKey[] keys, RedisValue[] values)
    {
        try
        {
            return database.ScriptEvaluate(_hash, keys, values, CommandFlags.DemandMaster);
        }
        catch (RedisServerException exception) when (IsUnknown(exception))
        {
            return database.ScriptEvaluate(Text, keys, values, Whole);
        }
    }

    public async Task<RedisResult> EvaluateAsync(IDatabaseAsync database, RedisKey[] keys, RedisValue[] values)
    {
        try
        {
            return await database.ScriptEvaluateAsync(_hash, keys, values, CommandFlags.DemandMaster);
        }
        catch (RedisServerException exception) when (IsUnknown(exception))
        {
            return await database.ScriptEvaluateAsync(Text, keys, values, Whole);
        }
    }

    /// <summary>Whether the server answered that it does not know the script.</summary>
    public static bool IsUnknown(RedisServerException exception) => exception.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal);

    private static string Read(string name)
    {
        using var stream = typeof(RedisScript).Assembly.GetManifestResourceStream($"CacheProxy.Engine.Redis.Scripts.{name}.lua")
            ?? throw new InvalidOperationException($"The script {name}.lua is not in the assembly: it must be an EmbeddedResource of the project.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
