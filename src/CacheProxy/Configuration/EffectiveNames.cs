namespace CacheProxy.Configuration;

/// <summary>Finds unknown names in effective values, such as those that come from the environment and that no file check has seen.</summary>
internal static class EffectiveNames
{
    public static void Check(IConfiguration section, Shape shape, string path, ConfigurationErrors errors)
    {
        foreach (var child in section.GetChildren())
        {
            var childPath = shape is Shape.List ? $"{path}[{child.Key}]" : $"{path}.{child.Key}";
            switch (shape)
            {
                case Shape.Map map:
                    Check(child, map.Values, childPath, errors);
                    break;
                case Shape.List list:
                    Check(child, list.Items, childPath, errors);
                    break;
                case Shape.Fields fields when fields.Known.TryGetValue(child.Key, out var known):
                    Check(child, known, childPath, errors);
                    break;
                case Shape.Fields fields:
                    errors.Add(childPath, null, Suggestions.Unknown(child.Key, fields.Known.Keys));
                    break;
                default:
                    errors.Add(childPath, child.Value, "stands below a value that has no parts: take it out");
                    break;
            }
        }
    }
}
