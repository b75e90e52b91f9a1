using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace CacheProxy.Engine.Http;

/// <summary>The grammar of RFC 9651 §4.2, one method per rule; each returns false at the first error.</summary>
internal ref struct StructuredReader
{
    private ReadOnlySpan<char> _rest;

    public StructuredReader(ReadOnlySpan<char> text) => _rest = text.Trim(' ');

    public readonly bool AtEnd => _rest.IsEmpty;

    /// <summary>Goes to the next member, if there is one. What is left when it returns false is an error, unless it is the end.</summary>
    public bool TryNextMember()
    {
        var after = ListReader.Trim(_rest);
        if (after.IsEmpty || after[0] != ',')
        {
            if (after.IsEmpty) _rest = default;
            return false;
        }
        var next = after[1..].TrimStart(" \t");
        // A comma at the end: not at the end, and no member either.
        if (next.IsEmpty) return false;
        _rest = next;
        return true;
    }

    public bool TrySkip(char expected)
    {
        if (_rest.IsEmpty || _rest[0] != expected) return false;
        _rest = _rest[1..];
        return true;
    }

    public bool TryMember(out StructuredValue value) =>
        !_rest.IsEmpty && _rest[0] == '(' ? TryInnerList(out value) : TryItem(out value);

    public bool TryKey(out string key)
    {
        key = "";
        if (_rest.IsEmpty || !(IsLower(_rest[0]) || _rest[0] == '*')) return false;
        var end = 1;
        while (end < _rest.Length && (IsLower(_rest[end]) || char.IsAsciiDigit(_rest[end]) || _rest[end] is '_' or '-' or '.' or '*')) end++;
        key = Take(end).ToString();
        return true;
    }

    public bool TryParameters()
    {
        while (TrySkip(';'))
        {
            _rest = _rest.TrimStart(' ');
            if (!TryKey(out _)) return false;
            if (TrySkip('=') && !TryBareItem(out _)) return false;
        }
        return true;
    }

    private bool TryItem(out StructuredValue value) => TryBareItem(out value) && TryParameters();

    private bool TryInnerList(out StructuredValue value)
    {
        value = default;
        TrySkip('(');
        var items = ImmutableArray.CreateBuilder<StructuredValue>();
        while (true)
        {
            _rest = _rest.TrimStart(' ');
            if (TrySkip(')'))
            {
                value = new(StructuredType.InnerList, Items: items.DrainToImmutable());
                return TryParameters();
            }
            if (!TryItem(out var item)) return false;
            if (_rest.IsEmpty || _rest[0] is not (' ' or ')')) return false;
            items.Add(item);
        }
    }

    private bool TryBareItem(out StructuredValue value)
    {
        value = default;
        if (_rest.IsEmpty) return false;
        return _rest[0] switch
        {
            '"' => TryString(out value),
            ':' => TryBytes(out value),
            '?' => TryBoolean(out value),
            '@' => TryDate(out value),
            '%' => TryDisplayString(out value),
            '-' or (>= '0' and <= '9') => TryNumber(out value),
            _ => TryToken(out value),
        };
    }

    private bool TryNumber(out StructuredValue value)
    {
        value = default;
        var start = _rest[0] == '-' ? 1 : 0;
        var end = start;
        while (end < _rest.Length && char.IsAsciiDigit(_rest[end])) end++;
        var digits = end - start;
        if (digits == 0) return false;
        if (end < _rest.Length && _rest[end] == '.')
        {
            var point = end++;
            while (end < _rest.Length && char.IsAsciiDigit(_rest[end])) end++;
            if (digits > 12 || end - point - 1 is < 1 or > 3) return false;
            value = new(StructuredType.Decimal, Text: Take(end).ToString());
            return true;
        }
        if (digits > 15) return false;
        value = new(StructuredType.Integer, long.Parse(Take(end), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
        return true;
    }

    private bool TryString(out StructuredValue value)
    {
        value = default;
        var text = new StringBuilder();
        for (var i = 1; i < _rest.Length; i++)
        {
            var c = _rest[i];
            if (c == '"')
            {
                Take(i + 1);
                value = new(StructuredType.String, Text: text.ToString());
                return true;
            }
            if (c == '\\' && (++i == _rest.Length || (c = _rest[i]) is not ('"' or '\\'))) return false;
            if (c is < ' ' or > '~') return false;
            text.Append(c);
        }
        return false;
    }

    private bool TryToken(out StructuredValue value)
    {
        value = default;
        if (!char.IsAsciiLetter(_rest[0]) && _rest[0] != '*') return false;
        var end = 1;
        while (end < _rest.Length && (_rest[end] is ':' or '/' || FieldSyntax.IsToken(_rest.Slice(end, 1)))) end++;
        value = new(StructuredType.Token, Text: Take(end).ToString());
        return true;
    }

    private bool TryBytes(out StructuredValue value)
    {
        value = default;
        var length = _rest[1..].IndexOf(':');
        if (length < 0) return false;
        var base64 = _rest.Slice(1, length);
        foreach (var c in base64)
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('+' or '/' or '=')) return false;
        // RFC 9651 §4.2.7: padding may be missing.
        if (!System.Buffers.Text.Base64.IsValid(base64.ToString().TrimEnd('=').PadRight((base64.TrimEnd('=').Length + 3) / 4 * 4, '='))) return false;
        Take(length + 2);
        value = new(StructuredType.Bytes, Text: base64.ToString());
        return true;
    }

    private bool TryBoolean(out StructuredValue value)
    {
        value = default;
        if (_rest.Length < 2 || _rest[1] is not ('0' or '1')) return false;
        value = new(StructuredType.Boolean, _rest[1] - '0');
        Take(2);
        return true;
    }

    private bool TryDate(out StructuredValue value)
    {
        value = default;
        TrySkip('@');
        if (_rest.IsEmpty || !(_rest[0] == '-' || char.IsAsciiDigit(_rest[0])) || !TryNumber(out value)) return false;
        value = value with { Type = StructuredType.Date };
        return value.Text.Length == 0;
    }

    private bool TryDisplayString(out StructuredValue value)
    {
        value = default;
        if (_rest.Length < 2 || _rest[1] != '"') return false;
        var bytes = new List<byte>();
        for (var i = 2; i < _rest.Length; i++)
        {
            var c = _rest[i];
            if (c == '"')
            {
                Take(i + 1);
                return TryDecode(bytes, out value);
            }
            if (c is < ' ' or > '~') return false;
            if (c != '%')
            {
                bytes.Add((byte)c);
                continue;
            }
            if (i + 2 >= _rest.Length || !char.IsAsciiHexDigitLower(_rest[i + 1]) || !char.IsAsciiHexDigitLower(_rest[i + 2])) return false;
            bytes.Add(byte.Parse(_rest.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
            i += 2;
        }
        return false;
    }

    private static bool TryDecode(List<byte> bytes, out StructuredValue value)
    {
        var utf8 = bytes.ToArray();
        var valid = System.Text.Unicode.Utf8.IsValid(utf8);
        value = valid ? new(StructuredType.DisplayString, Text: Encoding.UTF8.GetString(utf8)) : default;
        return valid;
    }

    private static bool IsLower(char c) => c is >= 'a' and <= 'z';

    private ReadOnlySpan<char> Take(int length)
    {
        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }
}
