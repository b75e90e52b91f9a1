using System.Collections.Immutable;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Engine.Http;

/// <summary>An entity tag (RFC 9110 §8.8.3), read strictly: quoted, <c>W/</c> in upper case.</summary>
/// <param name="Opaque">What is between the quotes.</param>
/// <param name="Weak">Whether it is weak.</param>
public readonly record struct EntityTag(string Opaque, bool Weak)
{
    /// <summary>Reads exactly one tag.</summary>
    public static bool TryParse(string? text, out EntityTag tag)
    {
        var rest = ListReader.Trim(text);
        return TryTake(ref rest, out tag) && rest.IsEmpty;
    }

    /// <summary>Reads a field that may occur once (<c>ETag</c>, <c>If-Range</c>); several lines are none.</summary>
    public static bool TryParse(StringValues lines, out EntityTag tag)
    {
        tag = default;
        return lines.Count == 1 && TryParse(lines[0], out tag);
    }

    /// <summary>
    /// Reads a list of tags from all lines. One member that is no tag makes the whole list none: a cache that guesses answers 304 to
    /// somebody who has something else.
    /// </summary>
    public static ImmutableArray<EntityTag> ParseList(StringValues lines)
    {
        var tags = ImmutableArray.CreateBuilder<EntityTag>();
        foreach (var line in lines)
        {
            var rest = ListReader.Trim(line);
            while (!rest.IsEmpty)
            {
                if (rest[0] == ',')
                {
                    rest = ListReader.Trim(rest[1..]);
                    continue;
                }
                if (!TryTake(ref rest, out var tag)) return [];
                rest = ListReader.Trim(rest);
                if (!rest.IsEmpty && rest[0] != ',') return [];
                tags.Add(tag);
            }
        }
        return tags.DrainToImmutable();
    }

    /// <summary>Strong comparison (RFC 9110 §8.8.3.2): the same, and both strong.</summary>
    public bool StrongEquals(EntityTag other) => !Weak && !other.Weak && Opaque == other.Opaque;

    /// <summary>Weak comparison (RFC 9110 §8.8.3.2): the same, whatever their strength.</summary>
    public bool WeakEquals(EntityTag other) => Opaque == other.Opaque;

    /// <summary>The tag of another form of the same representation: the suffix goes inside the quotes.</summary>
    /// <param name="suffix">Characters that an entity tag may have.</param>
    public EntityTag WithSuffix(string suffix) => this with { Opaque = Opaque + suffix };

    /// <summary>As it is sent.</summary>
    public override string ToString() => Weak ? $"W/\"{Opaque}\"" : $"\"{Opaque}\"";

    // A tag may contain commas, and a backslash in it is no escape: so it is not read as a list member with a quoted string.
    private static bool TryTake(ref ReadOnlySpan<char> text, out EntityTag tag)
    {
        tag = default;
        var weak = text.StartsWith("W/", StringComparison.Ordinal);
        var quoted = weak ? text[2..] : text;
        if (quoted.IsEmpty || quoted[0] != '"') return false;
        var end = quoted[1..].IndexOf('"');
        if (end < 0) return false;
        var opaque = quoted.Slice(1, end);
        foreach (var c in opaque)
            if (c is <= ' ' or '\x7f') return false;
        text = quoted[(end + 2)..];
        tag = new(opaque.ToString(), weak);
        return true;
    }
}
