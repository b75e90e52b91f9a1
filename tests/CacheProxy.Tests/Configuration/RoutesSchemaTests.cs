using System.Text.Json;
using CacheProxy.Configuration;
using CacheProxy.Engine.Policies;

namespace CacheProxy.Tests.Configuration;

/// <summary>Holds config/routes.schema.json against the tables that the code reads the file by.</summary>
public sealed class RoutesSchemaTests
{
    private static readonly JsonElement s_schema = JsonDocument.Parse(File.ReadAllText(Repository.File("config/routes.schema.json"))).RootElement;

    [Fact]
    public void Schema_Names_AreThoseOfTheCode() => Compare(s_schema, RoutesShape.File, "$");

    [Fact]
    public void Schema_Choices_AreThoseOfTheCode()
    {
        var properties = s_schema.GetProperty("properties").GetProperty("CachePolicies").GetProperty("additionalProperties").GetProperty("properties");
        foreach (var option in PolicyOptions.All.Where(option => option.Values.Length > 0))
        {
            var property = properties.GetProperty(option.Name);
            if (option.Form == OptionForm.TextList) property = property.GetProperty("items");
            Assert.Equal(option.Values.AsEnumerable(), property.GetProperty("enum").EnumerateArray().Select(value => value.GetString()!));
        }
    }

    [Fact]
    public void Schema_EveryPolicyOption_IsDescribed()
    {
        var properties = s_schema.GetProperty("properties").GetProperty("CachePolicies").GetProperty("additionalProperties").GetProperty("properties");

        Assert.All(properties.EnumerateObject(), property => Assert.False(string.IsNullOrWhiteSpace(property.Value.GetProperty("description").GetString()), property.Name));
    }

    private static void Compare(JsonElement schema, Shape shape, string path)
    {
        switch (shape)
        {
            case Shape.Fields fields:
                Assert.False(schema.GetProperty("additionalProperties").GetBoolean(), $"{path} admits unknown names");
                var properties = schema.GetProperty("properties");
                Assert.Equal((path, string.Join(' ', fields.Known.Keys.Order(StringComparer.Ordinal))), (path, string.Join(' ', properties.EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal))));
                foreach (var (name, child) in fields.Known) Compare(properties.GetProperty(name), child, $"{path}.{name}");
                break;
            case Shape.Map map:
                Compare(schema.GetProperty("additionalProperties"), map.Values, path + ".*");
                break;
            case Shape.List list:
                Assert.Equal((path, "array"), (path, schema.GetProperty("type").GetString()));
                Compare(schema.GetProperty("items"), list.Items, path + "[]");
                break;
        }
    }
}
