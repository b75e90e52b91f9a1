using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace CacheProxy.Engine.Invalidation;

/// <summary>A purge as it stands in the log. Unknown fields are errors, since what they would have meant is unknown too.</summary>
internal sealed record RecordBody
{
    private const int Known = 1;

    // Set, not init: generated code would overwrite the default of what is absent.
    [JsonRequired]
    public int Version { get; set; }

    [JsonRequired]
    public string Mode { get; set; } = "";

    public ImmutableArray<string> Keys { get; set; } = [];

    public ImmutableArray<string> Tags { get; set; } = [];

    public ImmutableArray<string> Patterns { get; set; } = [];

    public bool Everything { get; set; }

    public static RecordBody Of(Invalidation invalidation) => new()
    {
        Version = Known,
        Mode = MetricLabels.Of(invalidation.Mode),
        Keys = invalidation.Keys,
        Tags = invalidation.Tags,
        Patterns = invalidation.Patterns,
        Everything = invalidation.Everything,
    };

    /// <summary>What it means to this version; <see langword="null"/> if a newer one wrote it.</summary>
    public Invalidation? ToInvalidation()
    {
        InvalidationMode? mode = Mode switch
        {
            "hard" => InvalidationMode.Hard,
            "soft" => InvalidationMode.Soft,
            "refresh" => InvalidationMode.Refresh,
            _ => null,
        };
        if (Version != Known || mode is not { } known || HasNull(Keys) || HasNull(Tags) || HasNull(Patterns)) return null;
        var invalidation = new Invalidation { Keys = Keys, Tags = Tags, Patterns = Patterns, Everything = Everything, Mode = known };
        return invalidation.IsEmpty ? null : invalidation;
    }

    private static bool HasNull(ImmutableArray<string> names) => names.IsDefault || names.Any(n => n is null);
}

/// <summary>Readers and writers of a record's JSON, made at compile time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(RecordBody))]
internal sealed partial class RecordJson : JsonSerializerContext
{
}
