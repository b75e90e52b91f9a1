using System.Collections.Immutable;
using CacheProxy.Engine.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Engine.Tests.Http;

/// <summary>Messages as tables write them: one "Name: value" per field line.</summary>
internal static class Messages
{
    public static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static HeaderFields Response(params string[] lines) =>
        new([.. Group(lines).Select(field => new KeyValuePair<string, StringValues>(field.Key, field.Value))]);

    public static IHeaderDictionary Request(params string[] lines)
    {
        var headers = new HeaderDictionary();
        foreach (var (name, values) in Group(lines)) headers[name] = values;
        return headers;
    }

    /// <summary>A date as an offset from <see cref="Now"/>, in seconds.</summary>
    public static string At(double seconds) => HttpDate.Format(Now.AddSeconds(seconds));

    public static CacheControl Directives(string line) => CacheControl.Parse(line);

    public static StringValues Lines(string lines) => lines.Split('|');

    public static ImmutableArray<EntityTag> Tags(string list) => EntityTag.ParseList(list);

    private static Dictionary<string, StringValues> Group(string[] lines)
    {
        var fields = new Dictionary<string, StringValues>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in lines)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var name = line[..colon];
            fields[name] = StringValues.Concat(fields.GetValueOrDefault(name), line[(colon + 1)..].TrimStart());
        }
        return fields;
    }
}
