using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Engine.Http;

/// <summary><c>Content-Range</c> (RFC 9110 §14.4), unit <c>bytes</c>.</summary>
/// <param name="Range">The part; <see langword="null"/> when it says that none could be had (<c>bytes */N</c>).</param>
/// <param name="CompleteLength">The length of the whole in bytes; <see langword="null"/> when it is not known (<c>*</c>).</param>
public readonly record struct ContentRange(ByteRange? Range, long? CompleteLength)
{
    /// <summary>Whether it names a part.</summary>
    public bool IsSatisfied => Range is not null;

    /// <summary>Reads the field; several lines, another unit, and positions that contradict each other are none.</summary>
    public static bool TryParse(StringValues lines, out ContentRange range)
    {
        range = default;
        if (lines.Count != 1) return false;
        var text = ListReader.Trim(lines[0]);
        if (!text.StartsWith("bytes ", StringComparison.OrdinalIgnoreCase)) return false;
        text = ListReader.Trim(text[6..]);
        var slash = text.IndexOf('/');
        if (slash < 0) return false;

        long? complete = null;
        if (text[(slash + 1)..] is not "*")
        {
            if (!FieldSyntax.TryParseDigits(text[(slash + 1)..], long.MaxValue, out var length) || length == long.MaxValue) return false;
            complete = length;
        }
        var part = text[..slash];
        if (part is "*")
        {
            range = new(null, complete);
            return complete is not null;
        }
        var dash = part.IndexOf('-');
        if (dash < 0 || !FieldSyntax.TryParseDigits(part[..dash], long.MaxValue, out var first)
            || !FieldSyntax.TryParseDigits(part[(dash + 1)..], long.MaxValue, out var last))
            return false;
        // Positions beyond what a long can count are no part of anything that we can hold.
        if (last < first || last == long.MaxValue || last >= complete) return false;
        range = new(new ByteRange(first, last), complete);
        return true;
    }

    /// <summary>The field of a 416: <c>bytes */N</c>.</summary>
    /// <param name="completeLength">The length of the whole in bytes.</param>
    public static ContentRange Unsatisfied(long completeLength) => new(null, completeLength);

    /// <summary>As it is sent.</summary>
    public override string ToString()
    {
        var length = CompleteLength?.ToString(CultureInfo.InvariantCulture) ?? "*";
        return Range is { } part
            ? string.Create(CultureInfo.InvariantCulture, $"bytes {part.First}-{part.Last}/{length}")
            : $"bytes */{length}";
    }
}
