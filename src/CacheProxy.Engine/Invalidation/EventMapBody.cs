using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace CacheProxy.Engine.Invalidation;

/// <summary>The JSON form of an <see cref="Invalidation"/>: <c>{"keys":[],"tags":[],"patterns":[],"everything":false,"mode":"hard"}</c>, each field optional.</summary>
public static class InvalidationBody
{
    private const string Fields = "keys, tags, patterns, everything, mode";

    /// <summary>
    /// Reads it. Unknown fields are refused, since what they meant would not be done. Whether it has more than
    /// <see cref="Invalidation.MaxNames"/> names is for the caller to see, who answers 413 then.
    /// </summary>
    /// <param name="json">The object.</param>
    /// <param name="invalidation">What it says.</param>
    /// <param name="error">What is wrong, by name.</param>
    /// <param name="also">Fields that the caller reads itself.</param>
    public static bool TryRead(JsonElement json, [NotNullWhen(true)] out Invalidation? invalidation, [NotNullWhen(false)] out string? error, params ReadOnlySpan<string> also)
    {
        invalidation = null;
        error = null;
        var result = new Invalidation();
        if (json.ValueKind != JsonValueKind.Object)
        {
            error = $"An invalidation is an object with {Fields}.";
            return false;
        }
        try
        {
            foreach (var property in json.EnumerateObject())
            {
                if (also.Contains(property.Name)) continue;
                error = property.Name switch
                {
                    "keys" => Names(property, out var keys) ?? Set(result = result with { Keys = keys }),
                    "tags" => Names(property, out var tags) ?? Set(result = result with { Tags = tags }),
                    "patterns" => Names(property, out var patterns) ?? Set(result = result with { Patterns = patterns }),
                    "everything" when property.Value.ValueKind is JsonValueKind.True or JsonValueKind.False => Set(result = result with { Everything = property.Value.GetBoolean() }),
                    "everything" => "'everything' is true or false.",
                    "mode" => Mode(property.Value, out var mode) ?? Set(result = result with { Mode = mode }),
                    _ => $"The field '{property.Name}' is unknown. The fields are {Fields}.",
                };
                if (error is not null) return false;
            }
        }
        catch (InvalidOperationException)
        {
            error = "A name is no text: it contains half of a surrogate pair.";
            return false;
        }
        if (result.IsEmpty) error = $"The invalidation names nothing: give one of {Fields}.";
        if (error is not null) return false;
        invalidation = result;
        return true;
    }

    private static string? Set(Invalidation _) => null;

    private static string? Mode(JsonElement value, out InvalidationMode mode)
    {
        mode = default;
        if (value.ValueKind == JsonValueKind.String)
            foreach (var known in Enum.GetValues<InvalidationMode>())
            {
                if (!value.ValueEquals(known.ToString().ToLowerInvariant())) continue;
                mode = known;
                return null;
            }
        return "'mode' is hard, soft or refresh.";
    }

    private static string? Names(JsonProperty property, out ImmutableArray<string> names)
    {
        names = [];
        var problem = $"'{property.Name}' is a list of strings that are not empty.";
        if (property.Value.ValueKind != JsonValueKind.Array) return problem;
        var found = ImmutableArray.CreateBuilder<string>(property.Value.GetArrayLength());
        foreach (var item in property.Value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.String || item.GetString() is not { Length: > 0 } name) return problem;
            found.Add(name);
        }
        names = found.DrainToImmutable();
        return null;
    }
}
