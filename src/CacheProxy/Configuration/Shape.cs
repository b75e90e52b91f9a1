using System.Collections.Frozen;
using CacheProxy.Engine.Policies;

namespace CacheProxy.Configuration;

/// <summary>What may stand at a place of the routes file: the same tables check the file, the effective values and the schema.</summary>
internal abstract record Shape
{
    /// <summary>An object with these fields.</summary>
    public sealed record Fields(FrozenDictionary<string, Shape> Known) : Shape
    {
        public static Fields Of(params (string Name, Shape Shape)[] fields) =>
            new(fields.ToFrozenDictionary(field => field.Name, field => field.Shape, StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>An object whose names are the operator's.</summary>
    public sealed record Map(Shape Values) : Shape;

    /// <summary>A list.</summary>
    public sealed record List(Shape Items) : Shape;

    /// <summary>A value.</summary>
    public sealed record Value(OptionForm Form) : Shape;

    public static Value Text { get; } = new(OptionForm.Text);

    public static Value Number { get; } = new(OptionForm.Number);

    public static Value Flag { get; } = new(OptionForm.Flag);

    public static Value Duration { get; } = new(OptionForm.Duration);

    public static List Texts { get; } = new(Text);

    /// <summary>The shape of an option of a policy.</summary>
    public static Shape Of(PolicyOption option) => option.Form switch
    {
        OptionForm.TextList => Texts,
        OptionForm.TextMap => new Map(Text),
        OptionForm.DurationMap => new Map(new Value(OptionForm.Duration)),
        OptionForm.AccessCheck => Of(PolicyOptions.AccessCheck),
        OptionForm.Invalidation => Of(PolicyOptions.Invalidation),
        _ => new Value(option.Form),
    };

    public static Fields Of(IEnumerable<PolicyOption> options) => Fields.Of([.. options.Select(option => (option.Name, Of(option)))]);
}
