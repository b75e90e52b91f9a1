namespace EndToEnd.Wire;

/// <summary>Fields of a head, as text.</summary>
internal static class WireText
{
    public static (string Name, string Value) Field(string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? (line, "") : (line[..colon], line[(colon + 1)..].Trim(' ', '\t'));
    }

    public static string? Joined(IEnumerable<(string Name, string Value)> fields, string name)
    {
        string[] values = [.. fields.Where(field => string.Equals(field.Name, name, StringComparison.OrdinalIgnoreCase)).Select(static field => field.Value)];
        return values.Length == 0 ? null : string.Join(", ", values);
    }
}
