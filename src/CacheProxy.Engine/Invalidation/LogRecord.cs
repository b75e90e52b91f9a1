using System.Globalization;
using System.Text;
using System.Text.Json;

namespace CacheProxy.Engine.Invalidation;

/// <summary>
/// One line of the log: <c>seq id unix-time {json}</c>. The sequence number comes first, so that equal purges stay two members of a sorted set.
/// What cannot be understood, a newer version's included, may have named anything: it is a hard purge of everything.
/// </summary>
/// <param name="Sequence">Its place in the epoch.</param>
/// <param name="Id">The purge's id, without spaces.</param>
/// <param name="Time">When it was recorded, in Unix seconds of the log's server.</param>
/// <param name="Invalidation">What it purges; <see langword="null"/> if that cannot be understood.</param>
internal sealed record LogRecord(long Sequence, string Id, long Time, Invalidation? Invalidation)
{
    /// <summary>The longest JSON of a record, in bytes.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>What the listeners are told.</summary>
    public Invalidation Effect => Invalidation ?? Invalidation.OfEverything;

    /// <summary>Reads a line; <see langword="null"/> when it does not even begin with a sequence number.</summary>
    public static LogRecord? Parse(string line)
    {
        var first = line.IndexOf(' ');
        var number = first < 0 ? line : line.AsSpan(0, first);
        if (!long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)) return null;
        if (first < 0) return new(sequence, "", 0, null);
        var second = line.IndexOf(' ', first + 1);
        if (second < 0) return new(sequence, "", 0, null);
        var id = line[(first + 1)..second];
        var third = line.IndexOf(' ', second + 1);
        if (third < 0) return new(sequence, id, 0, null);
        return long.TryParse(line.AsSpan(second + 1, third - second - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var time)
            ? new(sequence, id, time, ParseInvalidation(line.AsMemory(third + 1)))
            : new(sequence, id, 0, null);
    }

    /// <summary>The JSON of a record: always the same for the same purge, so that it can name it.</summary>
    /// <exception cref="ArgumentException">It is empty, or larger than a record may be.</exception>
    public static string Serialize(Invalidation invalidation)
    {
        if (invalidation.IsEmpty) throw new ArgumentException("The invalidation names nothing. Give keys, tags or patterns, or say everything.", nameof(invalidation));
        if (invalidation.Count > Invalidation.MaxNames)
            throw new ArgumentException($"The invalidation carries {invalidation.Count} names; at most {Invalidation.MaxNames} are allowed. Split it, or use a tag or a pattern.", nameof(invalidation));
        var json = JsonSerializer.Serialize(RecordBody.Of(invalidation), RecordJson.Default.RecordBody);
        var bytes = Encoding.UTF8.GetByteCount(json);
        return bytes <= MaxBytes
            ? json
            : throw new ArgumentException($"The invalidation takes {bytes} bytes; at most {MaxBytes} are allowed. Split it, or use a tag or a pattern.", nameof(invalidation));
    }

    /// <summary>The purge itself, or one of everything if it is too large for a record: for changes that have already happened.</summary>
    public static Invalidation OrEverything(Invalidation invalidation)
    {
        if (invalidation.IsEmpty) return Invalidation.OfEverything;
        if (invalidation.Count > Invalidation.MaxNames) return Invalidation.OfEverything;
        var bytes = invalidation.Keys.Concat(invalidation.Tags).Concat(invalidation.Patterns).Sum(n => (long)n.Length);
        // Only what is near the limit needs the exact figure: escaping takes at most six bytes a character.
        if (bytes * 6 < MaxBytes / 2) return invalidation;
        try
        {
            Serialize(invalidation);
            return invalidation;
        }
        catch (ArgumentException)
        {
            return Invalidation.OfEverything;
        }
    }

    private static Invalidation? ParseInvalidation(ReadOnlyMemory<char> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json.Span, RecordJson.Default.RecordBody)?.ToInvalidation();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
