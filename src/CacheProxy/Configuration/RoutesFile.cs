using System.Globalization;
using System.Text.Json;
using CacheProxy.Engine.Policies;

namespace CacheProxy.Configuration;

/// <summary>
/// Reads the text of a routes file into configuration values. Types are checked here, on the JSON itself, since all values are strings
/// afterwards: a duration written as a JSON number is seconds, written as a bare number in a string it is an error.
/// </summary>
internal static class RoutesFile
{
    private static readonly JsonDocumentOptions s_json = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false };

    public static Dictionary<string, string?> Parse(string text, ConfigurationErrors errors)
    {
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        try
        {
            using var document = JsonDocument.Parse(text, s_json);
            Read(document.RootElement, RoutesShape.File, "", "", values, errors);
        }
        catch (JsonException error)
        {
            var place = error.LineNumber is { } line ? $"line {line + 1}, column {error.BytePositionInLine + 1}" : "the JSON";
            errors.Add(place, null, $"is not valid JSON: {Reason(error)}");
        }
        catch (InvalidOperationException)
        {
            // Found out only where a name or a text is unescaped.
            errors.Add("the JSON", null, "has half a character in a name or a text (an escape \\ud800 to \\udfff without its other half): write the character itself");
        }
        return values;
    }

    private static string Reason(JsonException error)
    {
        var end = error.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end < 0 ? error.Message : error.Message[..end];
    }

    private static void Read(JsonElement json, Shape shape, string path, string key, Dictionary<string, string?> values, ConfigurationErrors errors)
    {
        var place = path.Length == 0 ? "$" : path;
        switch (shape)
        {
            case Shape.Fields or Shape.Map when json.ValueKind != JsonValueKind.Object:
                errors.Add(place, json.GetRawText(), "is no object: write { … }");
                break;
            case Shape.List when json.ValueKind != JsonValueKind.Array:
                errors.Add(place, json.GetRawText(), "is no list: write [ … ]");
                break;
            case Shape.Fields or Shape.Map:
                // An empty object is not the absence of one: "Bypass": {} means no condition.
                if (json.GetPropertyCount() == 0 && key.Length > 0) values[key] = "";
                var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
                foreach (var property in json.EnumerateObject())
                {
                    if (names.Add(property.Name)) ReadProperty(property, shape, path, key, values, errors);
                    else errors.Add(path.Length == 0 ? property.Name : $"{path}.{property.Name}", null, "stands here twice, since upper and lower case are the same in names: leave one out");
                }
                break;
            case Shape.List list:
                if (json.GetArrayLength() == 0) values[key] = "";
                var index = 0;
                foreach (var item in json.EnumerateArray())
                {
                    Read(item, list.Items, $"{path}[{index}]", ConfigurationPath.Combine(key, index.ToString(CultureInfo.InvariantCulture)), values, errors);
                    index++;
                }
                break;
            case Shape.Value value:
                if (Text(json, value.Form, place, errors) is { } text) values[key] = text;
                break;
        }
    }

    private static void ReadProperty(JsonProperty property, Shape shape, string path, string key, Dictionary<string, string?> values, ConfigurationErrors errors)
    {
        var childPath = path.Length == 0 ? property.Name : $"{path}.{property.Name}";
        if (property.Name.Contains(':', StringComparison.Ordinal))
        {
            errors.Add(childPath, null, "has a colon in its name, which separates levels of the configuration: leave it out");
            return;
        }
        var childKey = key.Length == 0 ? property.Name : ConfigurationPath.Combine(key, property.Name);
        if (shape is Shape.Map map) Read(property.Value, map.Values, childPath, childKey, values, errors);
        else if (((Shape.Fields)shape).Known.TryGetValue(property.Name, out var child)) Read(property.Value, child, childPath, childKey, values, errors);
        else errors.Add(childPath, null, Suggestions.Unknown(property.Name, ((Shape.Fields)shape).Known.Keys));
    }

    private static string? Text(JsonElement json, OptionForm form, string place, ConfigurationErrors errors)
    {
        switch (form, json.ValueKind)
        {
            case (_, JsonValueKind.Null):
                return null;
            case (OptionForm.Duration, JsonValueKind.Number) when json.TryGetDecimal(out var seconds):
                return string.Create(CultureInfo.InvariantCulture, $"{seconds:0.############}s");
            case (OptionForm.Duration or OptionForm.Text or OptionForm.Size, JsonValueKind.String):
            case (OptionForm.Flag or OptionForm.Number, JsonValueKind.String):
                return json.GetString();
            case (OptionForm.Size or OptionForm.Number, JsonValueKind.Number):
                return json.GetRawText();
            case (OptionForm.Flag or OptionForm.Text, JsonValueKind.True or JsonValueKind.False):
                return json.GetBoolean() ? "true" : "false";
            default:
                errors.Add(place, json.GetRawText(), form switch
                {
                    OptionForm.Duration => "is no duration: write a string such as \"30m\", or a number of seconds",
                    OptionForm.Size => "is no size: write a string such as \"8MiB\", or a number of bytes",
                    OptionForm.Number => "is no number",
                    OptionForm.Flag => "is neither true nor false",
                    _ => "is no string: put it in quotes",
                });
                return null;
        }
    }
}
