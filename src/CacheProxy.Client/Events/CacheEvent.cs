using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;

namespace CacheProxy.Client.Events;

/// <summary>
/// One event for the proxy: an id that stays the same on every attempt and the exact bytes that are sent, <c>{"type","timestamp","data"}</c>.
/// Made once, after the change was committed or in the transaction that commits it.
/// </summary>
public sealed class CacheEvent
{
    /// <summary>The largest body that the proxy takes, in bytes.</summary>
    public const int MaxBodySize = 64 * 1024;

    private const int MaxIdLength = 128;

    /// <summary>An event as it was stored: the same id and bytes are sent again.</summary>
    /// <exception cref="ArgumentException">The id is not 1 to 128 of <c>A–Z a–z 0–9 _ -</c>, or the body is larger than <see cref="MaxBodySize"/>.</exception>
    public CacheEvent(string id, string type, ReadOnlyMemory<byte> body)
    {
        ArgumentNullException.ThrowIfNull(id);
        ArgumentException.ThrowIfNullOrEmpty(type);
        if (id.Length is 0 or > MaxIdLength || !id.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
        {
            throw new ArgumentException($"'{id}' cannot be a webhook-id: it takes 1 to {MaxIdLength} of A-Z a-z 0-9 _ -.", nameof(id));
        }

        if (body.Length > MaxBodySize)
        {
            throw new ArgumentException($"The event '{type}' has {body.Length} bytes; the proxy takes {MaxBodySize}. Name fewer things, or purge a tag.", nameof(body));
        }

        (Id, Type, Body) = (id, type, body);
    }

    /// <summary>The <c>webhook-id</c>: stable over all attempts, so that the proxy can tell a redelivery.</summary>
    public string Id { get; }

    /// <summary>The event's type.</summary>
    public string Type { get; }

    /// <summary>The bytes that are signed and sent.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>Something happened to a run: <c>"data": {"model_run_id": …}</c>.</summary>
    /// <param name="type">One of <see cref="CacheEventTypes"/>, or a type of your own that routes.json maps.</param>
    /// <param name="modelRunId">The run.</param>
    /// <param name="clock">Where the event's timestamp comes from.</param>
    public static CacheEvent OfModel(string type, string modelRunId, TimeProvider clock)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelRunId);
        return Create(type, clock, json => json.WriteString("model_run_id", modelRunId));
    }

    /// <summary>The built-in <c>cache.invalidate</c>.</summary>
    /// <exception cref="ArgumentException">It names nothing, or more than <see cref="CacheInvalidation.MaxNames"/> names.</exception>
    public static CacheEvent OfInvalidation(CacheInvalidation invalidation, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(invalidation);
        if (invalidation is { Everything: false, Count: 0 } || invalidation.Count > CacheInvalidation.MaxNames)
        {
            throw new ArgumentException(
                $"An invalidation names 1 to {CacheInvalidation.MaxNames} keys, tags and patterns, or everything; this one names {invalidation.Count}.",
                nameof(invalidation));
        }

        return Create(CacheEventTypes.Invalidate, clock, json =>
        {
            Write(json, "keys", invalidation.Keys);
            Write(json, "tags", invalidation.Tags);
            Write(json, "patterns", invalidation.Patterns);
            json.WriteBoolean("everything", invalidation.Everything);
            json.WriteString("mode", invalidation.Mode switch
            {
                CacheInvalidationMode.Soft => "soft",
                CacheInvalidationMode.Refresh => "refresh",
                _ => "hard",
            });
        });
    }

    /// <summary>An event with data of your own.</summary>
    /// <param name="type">The type, as routes.json maps it.</param>
    /// <param name="clock">Where the event's timestamp comes from.</param>
    /// <param name="writeData">Writes the members of <c>data</c>.</param>
    public static CacheEvent Create(string type, TimeProvider clock, Action<Utf8JsonWriter> writeData)
    {
        ArgumentException.ThrowIfNullOrEmpty(type);
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentNullException.ThrowIfNull(writeData);
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("type", type);
            json.WriteString("timestamp", clock.GetUtcNow());
            json.WriteStartObject("data");
            writeData(json);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return new CacheEvent("evt_" + Guid.CreateVersion7().ToString("N"), type, buffer.WrittenMemory);
    }

    private static void Write(Utf8JsonWriter json, string name, ImmutableArray<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values) json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
