using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using CacheProxy.Engine.Caching.Explaining;

namespace CacheProxy.Management;

/// <summary>A purge's receipt, and what it matched where that was asked for (DESIGN 6).</summary>
internal sealed record ReceiptBody(long Position, string Epoch, ReceiptReplicas Replicas, double Milliseconds, long? Matched = null, string? Counted = null);

internal sealed record ReceiptReplicas(int Confirmed, int WaitedOut);

internal sealed record DryRunBody(bool DryRun, long Matched, string Counted, double? HitShare);

/// <summary>The guide's answer to clearing; <c>counted</c> only where the count is not complete.</summary>
internal sealed record ClearBody(
    string Message,
    [property: JsonPropertyName("deleted_count")] long DeletedCount,
    string Pattern,
    string? Counted = null);

internal sealed record StatsBody(bool Available, StatsFigures Stats, StatsLifetimes Config, string Message);

internal sealed record StatsFigures(
    [property: JsonPropertyName("used_memory")] string UsedMemory,
    [property: JsonPropertyName("total_keys")] long TotalKeys,
    long Hits,
    long Misses,
    [property: JsonPropertyName("hit_rate")] string HitRate);

/// <summary>The guide's <c>CacheTTL</c>, in seconds.</summary>
internal sealed record StatsLifetimes(
    [property: JsonPropertyName("ttl_very_short")] int VeryShort = 300,
    [property: JsonPropertyName("ttl_short")] int Short = 900,
    [property: JsonPropertyName("ttl_medium")] int Medium = 1_800,
    [property: JsonPropertyName("ttl_long")] int Long = 3_600,
    [property: JsonPropertyName("ttl_very_long")] int VeryLong = 7_200,
    [property: JsonPropertyName("ttl_day")] int Day = 86_400,
    [property: JsonPropertyName("ttl_week")] int Week = 604_800);

internal sealed record EntriesBody(IReadOnlyList<EntryBody> Entries, string? Cursor);

internal sealed record EntryBody(
    string Key,
    string Name,
    string Policy,
    string Tier,
    int Status,
    long Length,
    double Age,
    double Ttl,
    IReadOnlyList<string> Tags,
    IReadOnlyDictionary<string, string[]>? Headers = null,
    string? Body = null,
    string? BodyBase64 = null);

internal sealed record ModeBody(string Policy, string Mode, DateTimeOffset? Until);

internal sealed record ModesBody(IReadOnlyList<ModeBody> Overrides);

internal sealed record ExplanationBody(
    string Method,
    string Url,
    string? Route,
    string? Policy,
    string? Mode,
    string Result,
    string? Reason,
    IReadOnlyList<string> Notes,
    string? Key,
    string? Name,
    IReadOnlyList<string> Tags,
    string? Target,
    IReadOnlyList<string> AccessChecks,
    IReadOnlyList<ExplainedEntryBody> Entries);

internal sealed record ExplainedEntryBody(string Tier, string Verdict, IReadOnlyList<string> Selecting, double Age, double Ttl);

internal sealed record DecisionsBody(IReadOnlyList<PastDecision> Decisions);

internal sealed record StreamFigures(
    DateTimeOffset Time, long Hits, long Misses, long MemoryBytes, long MemoryEntries, bool LeaseValid, int Replicas, int Pending, long? Position, string? Problem);

/// <summary>All JSON that management writes, source-generated.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ReceiptBody))]
[JsonSerializable(typeof(DryRunBody))]
[JsonSerializable(typeof(ClearBody))]
[JsonSerializable(typeof(StatsBody))]
[JsonSerializable(typeof(EntriesBody))]
[JsonSerializable(typeof(ModesBody))]
[JsonSerializable(typeof(ExplanationBody))]
[JsonSerializable(typeof(PastDecision))]
[JsonSerializable(typeof(DecisionsBody))]
[JsonSerializable(typeof(StreamFigures))]
internal sealed partial class ManagementJson : JsonSerializerContext
{
    /// <summary>Writes a 200 of ours: never stored by anybody.</summary>
    public static async Task WriteAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(value, type);
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }
}
