using System.Text;

namespace EndToEnd.Wire;

/// <summary>A request as the origin received it, byte for byte (Latin-1).</summary>
/// <param name="Head">First line and fields, as they came, without the empty line.</param>
/// <param name="Body">The body, without its framing.</param>
/// <param name="Number">The how-manieth of its target, from 1.</param>
public sealed record SeenRequest(string Head, byte[] Body, int Number)
{
    private readonly string[] _lines = Head.Split("\r\n");

    public string Method => _lines[0].Split(' ')[0];

    public string Target => _lines[0].Split(' ') is [_, var target, _] ? target : "";

    public string Path => Target.Split('?')[0];

    public string Text => Encoding.Latin1.GetString(Body);

    /// <summary>All fields in order; names as sent.</summary>
    public IEnumerable<(string Name, string Value)> Fields => _lines.Skip(1).Select(WireText.Field);

    /// <summary>The values of a field, joined with a comma; null without it.</summary>
    public string? this[string name] => WireText.Joined(Fields, name);
}
