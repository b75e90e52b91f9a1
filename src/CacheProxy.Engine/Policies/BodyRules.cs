using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;

namespace CacheProxy.Engine.Policies;

/// <summary>What a policy makes of the body: which fields its templates take, what stays as remainder, what is sent.</summary>
internal sealed class BodyRules
{
    /// <summary>The placeholders of the key that name fields, with their filters.</summary>
    public ImmutableArray<TemplatePart> Keyed { get; init; } = [];

    /// <summary>All fields that templates name.</summary>
    public FrozenSet<string> Known { get; init; } = [];

    public FrozenSet<string> Ignored { get; init; } = [];

    public ImmutableArray<BypassCondition> Conditions { get; init; } = [];

    public BypassReason Apply(RequestBody body, out BodyReading reading)
    {
        reading = BodyReading.None;
        if (body.Problem != BypassReason.None) return body.Problem;
        var values = new Dictionary<string, TemplateValue>(StringComparer.Ordinal);
        var removed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in Known)
        {
            if (!JsonPaths.TryFind(body.Root, name, out var found)) return BypassReason.BodyAmbiguous;
            values[name] = JsonPaths.Value(found);
        }
        foreach (var name in Ignored)
        {
            if (!JsonPaths.TryFind(body.Root, name, out var found)) return BypassReason.BodyAmbiguous;
            if (found is not null) removed.Add(name);
        }
        foreach (var condition in Conditions)
        {
            if (condition.Name.Source != TemplateSource.Body) continue;
            if (!JsonPaths.TryFind(body.Root, condition.Name.Name, out var found)) return BypassReason.BodyAmbiguous;
            if (found is null) continue;
            var verdict = JsonPaths.Value(found) is { Kind: ValueKind.Text or ValueKind.Literal } value ? condition.Judge(value.Text) : ConditionVerdict.Stays;
            if (verdict == ConditionVerdict.Bypasses) return BypassReason.Requested;
            if (verdict == ConditionVerdict.TakenOut) removed.Add(condition.Name.Name);
        }
        reading = new(Sent(body, removed), Remainder(body, values, removed), values);
        return BypassReason.None;
    }

    private static ReadOnlyMemory<byte> Sent(RequestBody body, HashSet<string> removed) =>
        removed.Count == 0 ? body.Bytes : JsonPaths.Write(body.Root, removed, FrozenSet<string>.Empty, sort: false);

    /// <summary>
    /// Without named fields the exact bytes; with them the rest in canonical form, in which order and white space do not count.
    /// </summary>
    private ReadOnlyMemory<byte>? Remainder(RequestBody body, Dictionary<string, TemplateValue> values, HashSet<string> removed)
    {
        if (Keyed.IsEmpty && removed.Count == 0) return body.Bytes;
        var taken = new HashSet<string>(StringComparer.Ordinal);
        foreach (var part in Keyed)
            if (Leaves(part, values[part.Name!.Name])) taken.Add(part.Name.Name);
        // Nothing at all in an object is what the absence of all fields says already.
        if (body.Root.ValueKind == JsonValueKind.Object && body.Root.GetPropertyCount() == 0) return null;
        var rest = JsonPaths.Write(body.Root, removed, taken, sort: true);
        if (rest is null) return null;
        return rest;
    }

    private static bool Leaves(TemplatePart part, TemplateValue value) => value.Kind switch
    {
        ValueKind.Text => true,
        ValueKind.Literal => value.Text is not ("true" or "false"),
        ValueKind.TextList => part.IsSorted,
        _ => false,
    };
}

/// <summary>A body under the rules.</summary>
/// <param name="Sent">What a fill sends.</param>
/// <param name="Remainder">What the template did not take; <see langword="null"/> for nothing.</param>
/// <param name="Values">The values of all named fields.</param>
internal sealed record BodyReading(ReadOnlyMemory<byte>? Sent, ReadOnlyMemory<byte>? Remainder, IReadOnlyDictionary<string, TemplateValue> Values)
{
    public static BodyReading None { get; } = new(null, null, FrozenDictionary<string, TemplateValue>.Empty);
}
