using System.Collections.Immutable;

namespace CacheProxy.Engine.Policies;

internal enum ValueKind
{
    /// <summary>Not there, or nothing that could be written into a key.</summary>
    Absent,

    /// <summary>Text: a route value, a query parameter, a header line, a JSON string.</summary>
    Text,

    /// <summary>A JSON number, or true or false, as it was spelled.</summary>
    Literal,

    /// <summary>A flat JSON list of strings.</summary>
    TextList,

    /// <summary>A flat JSON list with numbers or booleans in it.</summary>
    MixedList,
}

/// <summary>What a placeholder stands for in one request.</summary>
internal readonly record struct TemplateValue(ValueKind Kind, string Text, ImmutableArray<string> Items)
{
    public static TemplateValue Absent { get; } = new(ValueKind.Absent, "", []);

    public static TemplateValue OfText(string text) => new(ValueKind.Text, text, []);

    public static TemplateValue OfLiteral(string text) => new(ValueKind.Literal, text, []);

    public static TemplateValue OfList(ImmutableArray<string> items, bool onlyText) =>
        new(onlyText ? ValueKind.TextList : ValueKind.MixedList, "", items);

    public bool IsList => Kind is ValueKind.TextList or ValueKind.MixedList;

    /// <summary>Such a value would change the path that it is put into.</summary>
    public bool IsDots => Text is "." or "..";
}
