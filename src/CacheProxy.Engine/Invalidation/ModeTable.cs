using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CacheProxy.Engine.Invalidation;

/// <summary>The settings of the kill switch as this replica knows them.</summary>
internal sealed class ModeTable(TimeProvider time)
{
    private ImmutableArray<ModeOverride> _all = [];

    public ImmutableArray<ModeOverride> Current => _all.IsEmpty ? _all : [.. _all.Where(IsInEffect)];

    public CacheMode? For(string policy)
    {
        CacheMode? ofAll = null;
        foreach (var setting in _all)
        {
            if (!IsInEffect(setting)) continue;
            if (setting.Policy == policy) return setting.Mode;
            if (setting.Policy == "*") ofAll = setting.Mode;
        }

        return ofAll;
    }

    public ImmutableArray<ModeOverride> With(string policy, CacheMode? mode, TimeSpan? duration)
    {
        ArgumentException.ThrowIfNullOrEmpty(policy);
        var others = Current.RemoveAll(m => m.Policy == policy);
        return mode is { } to ? others.Add(new(policy, to, time.GetUtcNow() + duration)) : others;
    }

    public void Replace(ImmutableArray<ModeOverride> all) => ImmutableInterlocked.InterlockedExchange(ref _all, all);

    /// <summary>As the log's server keeps it; <see langword="null"/> when nothing is set.</summary>
    public ModeSetting? ToSetting(ImmutableArray<ModeOverride> all)
    {
        var left = all.Where(IsInEffect).ToArray();
        if (left.Length == 0) return null;
        var last = left.All(m => m.Until is not null) ? left.Max(m => m.Until) - time.GetUtcNow() : null;
        return new(JsonSerializer.Serialize(left, ModeJson.Default.ModeOverrideArray), last);
    }

    /// <summary>Takes over what the server keeps; false if it cannot be read, and then nothing changes.</summary>
    public bool TryRead(ModeSetting? setting)
    {
        try
        {
            Replace(setting is null ? [] : [.. JsonSerializer.Deserialize(setting.Text, ModeJson.Default.ModeOverrideArray) ?? []]);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private bool IsInEffect(ModeOverride setting) => setting.Until is not { } until || until > time.GetUtcNow();
}

/// <summary>Readers and writers of the kill switch's JSON, made at compile time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    Converters = [typeof(JsonStringEnumConverter<CacheMode>)])]
[JsonSerializable(typeof(ModeOverride[]))]
internal sealed partial class ModeJson : JsonSerializerContext
{
}
