using System.Collections.Immutable;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Engine.Http;

/// <summary>What an item of a structured field is (RFC 9651 §3.3).</summary>
internal enum StructuredType
{
    Integer,
    Decimal,
    String,
    Token,
    Bytes,
    Boolean,
    Date,
    DisplayString,
    InnerList,
}

/// <summary>A member of a dictionary or a list: an item, or an inner list. Parameters are checked, but not kept: nothing here needs them.</summary>
/// <param name="Type">What it is.</param>
/// <param name="Number">Integer and date (seconds): the value; boolean: 1 or 0.</param>
/// <param name="Text">String, token, display string: the value; decimal and bytes: as written.</param>
/// <param name="Items">The items of an inner list.</param>
internal readonly record struct StructuredValue(StructuredType Type, long Number = 0, string Text = "", ImmutableArray<StructuredValue> Items = default)
{
    public static StructuredValue True { get; } = new(StructuredType.Boolean, 1);
}

/// <summary>
/// Structured fields (RFC 9651 §4.2): strict, so one error anywhere makes the whole field unreadable. Of a key given twice the last counts.
/// </summary>
internal static class StructuredFields
{
    public static bool TryParseDictionary(StringValues lines, out ImmutableArray<KeyValuePair<string, StructuredValue>> members)
    {
        var found = new OrderedDictionary<string, StructuredValue>(StringComparer.Ordinal);
        var reader = new StructuredReader(Join(lines));
        members = [];
        if (reader.AtEnd) return true;
        do
        {
            if (!reader.TryKey(out var key)) return false;
            var value = StructuredValue.True;
            if (reader.TrySkip('=') ? !reader.TryMember(out value) : !reader.TryParameters()) return false;
            found[key] = value;
        }
        while (reader.TryNextMember());
        if (!reader.AtEnd) return false;
        members = [.. found];
        return true;
    }

    public static bool TryParseList(StringValues lines, out ImmutableArray<StructuredValue> members)
    {
        var found = ImmutableArray.CreateBuilder<StructuredValue>();
        var reader = new StructuredReader(Join(lines));
        members = [];
        if (reader.AtEnd) return true;
        do
        {
            if (!reader.TryMember(out var value)) return false;
            found.Add(value);
        }
        while (reader.TryNextMember());
        if (!reader.AtEnd) return false;
        members = found.DrainToImmutable();
        return true;
    }

    // RFC 9651 §4.2: lines are joined before anything is read.
    private static string Join(StringValues lines) => lines.Count == 1 ? lines[0] ?? "" : string.Join(", ", (string?[]?)lines ?? []);
}
