using System.Collections.Immutable;
using System.Text;
using System.Text.Unicode;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Engine.Http;

/// <summary>The tags that an origin gives a response.</summary>
/// <param name="Tags">Each once, in the order in which they came.</param>
/// <param name="IsComplete">
/// False when there are more, or longer ones, than an entry may have: then the response is not stored, since one with a part of its tags could
/// never be found by a purge of the others.
/// </param>
public readonly record struct TagReading(ImmutableArray<string> Tags, bool IsComplete);

/// <summary>Tags in responses: <c>Surrogate-Key</c> (separated by spaces), <c>Cache-Tag</c> (by commas) and <c>Cache-Groups</c> (RFC 9875).</summary>
public static class CacheTags
{
    /// <summary>The longest tag, in characters.</summary>
    public const int LongestTag = 1_024;

    /// <summary>Whether the field is for caches like this one and goes no further (<c>Cache-Groups</c> is for all).</summary>
    public static bool IsStripped(string name) => FieldSyntax.Is(name, "Surrogate-Key") || FieldSyntax.Is(name, "Cache-Tag");

    /// <summary>Reads the tags of a response.</summary>
    /// <param name="response">Its fields.</param>
    /// <param name="limit">How many tags an entry may still have.</param>
    public static TagReading Read(HeaderFields response, int limit)
    {
        var (keys, tags, groups) = (response["Surrogate-Key"], response["Cache-Tag"], response["Cache-Groups"]);
        if (keys.Count == 0 && tags.Count == 0 && groups.Count == 0) return new([], true);

        var found = new OrderedDictionary<string, bool>(StringComparer.Ordinal);
        var complete = true;
        foreach (var line in keys)
            foreach (var part in line.AsSpan().SplitAny(" \t"))
                complete &= Add(found, line.AsSpan()[part], limit);
        foreach (var line in tags)
            foreach (var part in line.AsSpan().Split(','))
                complete &= Add(found, ListReader.Trim(line.AsSpan()[part]), limit);
        foreach (var group in GroupsOf(groups)) complete &= Add(found, group, limit);
        return new([.. found.Keys], complete);
    }

    /// <summary>
    /// The names in <c>Cache-Groups</c> or <c>Cache-Group-Invalidation</c>, a structured list of strings; none when it is unreadable. They are
    /// names within one origin (RFC 9875 §2), compared byte for byte.
    /// </summary>
    public static ImmutableArray<string> GroupsOf(StringValues lines)
    {
        if (lines.Count == 0 || !StructuredFields.TryParseList(lines, out var members)) return [];
        var groups = ImmutableArray.CreateBuilder<string>(members.Length);
        foreach (var member in members)
        {
            // RFC 9875 §2: a list of strings; a member of another type makes it none of ours.
            if (member.Type != StructuredType.String) return [];
            groups.Add(member.Text);
        }
        return groups.DrainToImmutable();
    }

    private static bool Add(OrderedDictionary<string, bool> found, ReadOnlySpan<char> tag, int limit)
    {
        if (tag.IsEmpty) return true;
        if (tag.Length > LongestTag) return false;
        var name = Text(tag);
        if (found.ContainsKey(name)) return true;
        if (found.Count >= limit) return false;
        found.Add(name, true);
        return true;
    }

    // Fields are read byte for byte, as Latin-1. Who purges a tag names it by its characters, which origins write in UTF-8.
    private static string Text(ReadOnlySpan<char> tag)
    {
        if (Ascii.IsValid(tag) || tag.ContainsAnyExceptInRange('\0', '\xff')) return tag.ToString();
        var bytes = new byte[tag.Length];
        Encoding.Latin1.GetBytes(tag, bytes);
        return Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : tag.ToString();
    }
}
