using System.Collections;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Engine.Http;

/// <summary>
/// The header fields of a response, immutable and in the order in which they arrived, so that what one request changes
/// never reaches a stored response. Names are case-insensitive (RFC 9110 §5.1).
/// </summary>
public sealed class HeaderFields : IReadOnlyList<KeyValuePair<string, StringValues>>
{
    private readonly ImmutableArray<KeyValuePair<string, StringValues>> _fields;

    /// <summary>Takes the fields as they are; a name may occur once only.</summary>
    public HeaderFields(ImmutableArray<KeyValuePair<string, StringValues>> fields) => _fields = fields;

    /// <summary>No fields.</summary>
    public static HeaderFields Empty { get; } = new([]);

    /// <inheritdoc />
    public int Count => _fields.Length;

    /// <inheritdoc />
    public KeyValuePair<string, StringValues> this[int index] => _fields[index];

    /// <summary>All values of a field, one element per field line; empty when the field is absent.</summary>
    public StringValues this[string name]
    {
        get
        {
            foreach (var field in _fields)
                if (string.Equals(field.Key, name, StringComparison.OrdinalIgnoreCase)) return field.Value;
            return StringValues.Empty;
        }
    }

    /// <summary>Copies a header dictionary.</summary>
    public static HeaderFields Copy(IHeaderDictionary headers)
    {
        var fields = ImmutableArray.CreateBuilder<KeyValuePair<string, StringValues>>(headers.Count);
        foreach (var field in headers) fields.Add(field);
        return new(fields.DrainToImmutable());
    }

    /// <summary>Whether the field is present.</summary>
    public bool Contains(string name)
    {
        foreach (var field in _fields)
            if (string.Equals(field.Key, name, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    /// <summary>The fields with this one replaced, or added at the end.</summary>
    public HeaderFields With(string name, StringValues values) => With([new(name, values)]);

    /// <summary>The fields with each of these replaced, or added at the end: one copy for all.</summary>
    /// <param name="changes">Each name once.</param>
    public HeaderFields With(ReadOnlySpan<KeyValuePair<string, StringValues>> changes)
    {
        if (changes.IsEmpty) return this;
        var added = 0;
        foreach (var (name, _) in changes)
            if (!Contains(name)) added++;
        var fields = new KeyValuePair<string, StringValues>[_fields.Length + added];
        _fields.CopyTo(fields);
        foreach (var (name, values) in changes)
        {
            var at = 0;
            while (at < _fields.Length && !string.Equals(fields[at].Key, name, StringComparison.OrdinalIgnoreCase)) at++;
            if (at < _fields.Length) fields[at] = new(fields[at].Key, values);
            else fields[^added--] = new(name, values);
        }
        return new(ImmutableCollectionsMarshal.AsImmutableArray(fields));
    }

    /// <summary>The fields but for those whose name satisfies the condition; itself when none does.</summary>
    public HeaderFields Without(Func<string, bool> remove) => Without(remove, static (name, remove) => remove(name));

    /// <summary>The same, for a condition that depends on something: a static one, so that nothing is allocated to ask it.</summary>
    public HeaderFields Without<TState>(TState state, Func<string, TState, bool> remove)
    {
        var left = 0;
        foreach (var (name, _) in _fields)
            if (!remove(name, state)) left++;
        if (left == _fields.Length) return this;
        var kept = new KeyValuePair<string, StringValues>[left];
        foreach (var field in _fields)
            if (left > 0 && !remove(field.Key, state)) kept[^left--] = field;
        return new(ImmutableCollectionsMarshal.AsImmutableArray(kept));
    }

    /// <summary>The same fields, made of the other's strings where both say the same; the other itself where they say the same in all.</summary>
    public HeaderFields Sharing(HeaderFields other)
    {
        var shared = 0;
        for (var i = 0; i < _fields.Length; i++)
            if (IsSame(i)) shared++;
        if (shared == 0) return this;
        if (shared == _fields.Length && shared == other._fields.Length) return other;
        var fields = new KeyValuePair<string, StringValues>[_fields.Length];
        for (var i = 0; i < fields.Length; i++) fields[i] = IsSame(i) ? other._fields[i] : _fields[i];
        return new(ImmutableCollectionsMarshal.AsImmutableArray(fields));

        bool IsSame(int at) => at < other._fields.Length && _fields[at].Key == other._fields[at].Key && _fields[at].Value == other._fields[at].Value;
    }

    /// <summary>Enumerates without allocating.</summary>
    public ImmutableArray<KeyValuePair<string, StringValues>>.Enumerator GetEnumerator() => _fields.GetEnumerator();

    IEnumerator<KeyValuePair<string, StringValues>> IEnumerable<KeyValuePair<string, StringValues>>.GetEnumerator() =>
        ((IEnumerable<KeyValuePair<string, StringValues>>)_fields).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => ((IEnumerable)_fields).GetEnumerator();
}
