using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Engine.Http;

/// <summary>
/// The members of one line of a list-based field (RFC 9110 §5.6.1): separated by commas that are not inside a quoted string, empty ones
/// left out, white space around them removed.
/// </summary>
internal ref struct ListReader(ReadOnlySpan<char> line)
{
    private ReadOnlySpan<char> _rest = line;

    /// <summary>
    /// Whether a quoted string was opened and never closed. The quote then counts as an ordinary character, so that it cannot swallow
    /// what follows it; who reads permissions (not restrictions) from the line distrusts them.
    /// </summary>
    public bool Broken { get; private set; }

    /// <summary>Whether there is a member that is not empty.</summary>
    public bool TryRead(out ReadOnlySpan<char> member)
    {
        while (!_rest.IsEmpty)
        {
            var end = EndOfMember();
            member = Trim(_rest[..end]);
            _rest = end < _rest.Length ? _rest[(end + 1)..] : default;
            if (!member.IsEmpty) return true;
        }
        member = default;
        return false;
    }

    /// <summary>Removes optional white space (RFC 9110 §5.6.3: space and tab, nothing else).</summary>
    public static ReadOnlySpan<char> Trim(ReadOnlySpan<char> text) => text.Trim(" \t");

    /// <summary>The content of a quoted string (RFC 9110 §5.6.4); the text itself when it is none.</summary>
    public static ReadOnlySpan<char> Unquote(ReadOnlySpan<char> text)
    {
        if (text.Length < 2 || text[0] != '"' || text[^1] != '"') return text;
        var content = text[1..^1];
        return content.Contains('\\') ? Unescape(content) : content;
    }

    /// <summary>The index after the closing quote of the quoted string that starts the text; -1 if it has none.</summary>
    public static int EndOfQuoted(ReadOnlySpan<char> text)
    {
        for (var i = 1; i < text.Length; i++)
        {
            if (text[i] == '\\') i++;
            else if (text[i] == '"') return i + 1;
        }
        return -1;
    }

    /// <summary>The first member of the first line that has one.</summary>
    [return: NotNullIfNotNull(nameof(ifNone))]
    public static string? First(StringValues lines, string? ifNone = null)
    {
        foreach (var line in lines)
        {
            var reader = new ListReader(line);
            if (reader.TryRead(out var member)) return member.Length == line!.Length ? line : member.ToString();
        }
        return ifNone;
    }

    private int EndOfMember()
    {
        for (var i = 0; i < _rest.Length; i++)
        {
            if (_rest[i] == ',') return i;
            // Looked for once only: a line of unclosed quotes must not cost the square of its length.
            if (_rest[i] != '"' || Broken) continue;
            var quoted = EndOfQuoted(_rest[i..]);
            if (quoted < 0) Broken = true;
            else i += quoted - 1;
        }
        return _rest.Length;
    }

    private static string Unescape(ReadOnlySpan<char> content)
    {
        var text = new System.Text.StringBuilder(content.Length);
        for (var i = 0; i < content.Length; i++)
        {
            if (content[i] == '\\' && i + 1 < content.Length) i++;
            text.Append(content[i]);
        }
        return text.ToString();
    }
}
