using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;

namespace CacheProxy.Engine.Policies;

/// <summary>Reads and removes fields of a JSON document by dotted paths through objects; lists are not walked.</summary>
internal static class JsonPaths
{
    /// <summary>Finds a field. False when the document also has a name that differs in case only: parsers disagree on which it is.</summary>
    public static bool TryFind(JsonElement root, string path, out JsonElement? found)
    {
        found = null;
        var current = root;
        var names = path.Split('.');
        foreach (var name in names)
        {
            if (current.ValueKind != JsonValueKind.Object) return true;
            JsonElement? next = null;
            foreach (var property in current.EnumerateObject())
            {
                if (!property.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) continue;
                if (property.Name != name) return false;
                next = property.Value;
            }
            if (next is null) return true;
            current = next.Value;
        }
        found = current;
        return true;
    }

    /// <summary>What a field says in a key. Null, objects and nested lists say nothing that could be written there.</summary>
    public static TemplateValue Value(JsonElement? element)
    {
        if (element is not { } json) return TemplateValue.Absent;
        switch (json.ValueKind)
        {
            case JsonValueKind.String:
                return TemplateValue.OfText(json.GetString()!);
            case JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False:
                return TemplateValue.OfLiteral(json.GetRawText());
            case JsonValueKind.Array:
                var items = ImmutableArray.CreateBuilder<string>(json.GetArrayLength());
                var onlyText = true;
                foreach (var item in json.EnumerateArray())
                {
                    if (item.ValueKind is JsonValueKind.Null or JsonValueKind.Object or JsonValueKind.Array) return TemplateValue.Absent;
                    var isText = item.ValueKind == JsonValueKind.String;
                    onlyText &= isText;
                    items.Add(isText ? item.GetString()! : item.GetRawText());
                }
                return TemplateValue.OfList(items.DrainToImmutable(), onlyText);
            default:
                return TemplateValue.Absent;
        }
    }

    /// <summary>Writes the document without some fields, minified.</summary>
    /// <param name="root">The document.</param>
    /// <param name="removed">Paths that are left out.</param>
    /// <param name="prune">Whether an object that this leaves empty is left out too.</param>
    /// <param name="sort">Whether names are sorted, so that their order does not matter.</param>
    /// <returns><see langword="null"/> when nothing is left.</returns>
    public static byte[]? Write(JsonElement root, IReadOnlySet<string> removed, IReadOnlySet<string> prune, bool sort)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true }))
            if (IsLeftOut(root, "", removed, prune)) return null;
            else Write(writer, root, "", removed, prune, sort);
        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter writer, JsonElement element, string path, IReadOnlySet<string> removed, IReadOnlySet<string> prune, bool sort)
    {
        if (element.ValueKind == JsonValueKind.Number)
        {
            // As it was spelled: 1, 1.0 and 1e0 are three texts, and the origin may tell them apart.
            writer.WriteRawValue(element.GetRawText(), skipInputValidation: true);
            return;
        }
        if (element.ValueKind == JsonValueKind.Array)
        {
            writer.WriteStartArray();
            foreach (var item in element.EnumerateArray()) Write(writer, item, "\0", removed, prune, sort);
            writer.WriteEndArray();
            return;
        }
        if (element.ValueKind != JsonValueKind.Object)
        {
            element.WriteTo(writer);
            return;
        }
        writer.WriteStartObject();
        IEnumerable<JsonProperty> properties = element.EnumerateObject();
        if (sort) properties = properties.OrderBy(property => property.Name, StringComparer.Ordinal);
        foreach (var property in properties)
        {
            var child = Child(path, property.Name);
            if (removed.Contains(child) || prune.Contains(child) || IsLeftOut(property.Value, child, removed, prune)) continue;
            writer.WritePropertyName(property.Name);
            Write(writer, property.Value, child, removed, prune, sort);
        }
        writer.WriteEndObject();
    }

    /// <summary>An object all of whose fields the key has taken: that it was there follows from the fields.</summary>
    private static bool IsLeftOut(JsonElement element, string path, IReadOnlySet<string> removed, IReadOnlySet<string> prune)
    {
        if (prune.Count == 0 || element.ValueKind != JsonValueKind.Object) return false;
        var pruned = false;
        foreach (var property in element.EnumerateObject())
        {
            var child = Child(path, property.Name);
            if (removed.Contains(child)) continue;
            if (!prune.Contains(child) && !IsLeftOut(property.Value, child, removed, prune)) return false;
            pruned = true;
        }
        return pruned;
    }

    // A name that contains a dot is no path, and nothing below a list is one: they match nothing.
    private static string Child(string path, string name) =>
        name.Contains('.', StringComparison.Ordinal) ? "\0" : path.Length == 0 ? name : $"{path}.{name}";
}
