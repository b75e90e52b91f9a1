using System.Buffers.Binary;

namespace CacheProxy.Engine.Policies;

/// <summary>Fingerprints that are the same in every process and on every replica.</summary>
internal static class PolicyFingerprint
{
    /// <summary>Of what decides which entry is whose and which purge finds it.</summary>
    public static ulong OfEntries(CachePolicyConfig config, CredentialOptions credentials)
    {
        using var fields = new KeyedFields();
        AddEntries(fields, config, credentials);
        return First(fields);
    }

    /// <summary>Of everything that is written.</summary>
    public static ulong OfText(CachePolicyConfig config, CredentialOptions credentials)
    {
        using var fields = new KeyedFields();
        AddEntries(fields, config, credentials);
        Add(fields, 'n', [config.Name]);
        Add(fields, 't', [
            config.Ttl, config.Jitter, config.RequestDirectives, config.MaxEntrySize, config.StaleWhileRevalidate, config.StaleIfError,
            config.OnLostLease, config.Mode, config.AccessCheckTtl, config.RefreshAhead, config.Verify]);
        Add(fields, 'w', config.Warmup);
        Add(fields, 'm', config.Methods ?? []);
        Add(fields, 'r', config.RemoveHeaders ?? []);
        Add(fields, 's', config.StatusCodes?.OrderBy(pair => pair.Key, StringComparer.Ordinal).SelectMany(pair => new[] { pair.Key, pair.Value }) ?? []);
        if (config.InvalidateOnSuccess is { } invalidation)
        {
            Add(fields, 'k', invalidation.Keys);
            Add(fields, 'g', invalidation.Tags);
            Add(fields, 'p', invalidation.Patterns);
            Add(fields, 'e', [invalidation.Everything, invalidation.Mode]);
        }
        return First(fields);
    }

    private static void AddEntries(KeyedFields fields, CachePolicyConfig config, CredentialOptions credentials)
    {
        Add(fields, 'K', [config.Key, config.UnknownQuery, config.AccessCheckPath, config.VaryByCredential, config.Shared]);
        Add(fields, 'T', config.Tags);
        Add(fields, 'Q', config.IgnoreQuery);
        Add(fields, 'B', config.IgnoreBody);
        Add(fields, 'H', config.VaryByHeader);
        Add(fields, 'Y', config.Bypass?.OrderBy(pair => pair.Key, StringComparer.Ordinal).SelectMany(pair => new[] { pair.Key, pair.Value }) ?? ["\0"]);
        Add(fields, 'C', credentials.Headers);
        Add(fields, 'O', [string.Equals(config.Ttl, "Origin", StringComparison.OrdinalIgnoreCase) ? "origin" : "explicit"]);
    }

    private static void Add(KeyedFields fields, char kind, IEnumerable<string?> values)
    {
        fields.Add(kind, "");
        foreach (var value in values)
            if (value is null) fields.Add('0', "");
            else fields.Add('1', value);
    }

    private static ulong First(KeyedFields fields)
    {
        Span<byte> bytes = stackalloc byte[Hash256.Size];
        fields.Hash().CopyTo(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }
}
