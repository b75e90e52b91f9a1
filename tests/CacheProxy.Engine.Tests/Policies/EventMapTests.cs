using System.Text.Json;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;

namespace CacheProxy.Engine.Tests.Policies;

public sealed class EventMapTests
{
    private static readonly EventMap s_map = Compile(
        ("model.updated", new() { Tags = ["model:{model_run_id|uuid}", "comparisons"] }),
        ("model.batch", new() { Tags = ["model:{ids|uuid}"], Keys = ["k:{owner.name}"], Mode = "Soft" }),
        ("owner.left", new() { Patterns = ["owner:{name}:*[ab]?"], Mode = "refresh" }),
        ("reset", new() { Everything = "true" }));

    [Fact]
    public void TryMap_KnownEvent_FillsItsTemplates()
    {
        Assert.True(Map("model.updated", """{"model_run_id":"0F8FAD5B-D9CB-469F-A165-70867728950E"}""", out var updated, out _));
        Assert.Equal<string>(["model:0f8fad5b-d9cb-469f-a165-70867728950e", "comparisons"], updated!.Tags);
        Assert.Equal(InvalidationMode.Hard, updated.Mode);

        Assert.True(Map("model.batch", """{"ids":["a","b","a"],"owner":{"name":"x:y"}}""", out var batch, out _));
        Assert.Equal<string>(["model:a", "model:b"], batch!.Tags);
        Assert.Equal<string>(["k:x%3Ay"], batch.Keys);
        Assert.Equal(InvalidationMode.Soft, batch.Mode);

        Assert.True(Map("reset", "{}", out var reset, out _));
        Assert.True(reset!.Everything);
    }

    [Fact]
    public void TryMap_ValueWithWildcards_IsExactlyItself()
    {
        Assert.True(Map("owner.left", """{"name":"*?[a]\\,ž"}""", out var invalidation, out _));

        Assert.Equal<string>(["owner:%2A%3F%5Ba%5D%5C%2C%C5%BE:*[ab]?"], invalidation!.Patterns);
        Assert.Equal(InvalidationMode.Refresh, invalidation.Mode);
    }

    [Theory]
    [InlineData("no.such", "{}", "cache.invalidate, model.batch, model.updated, owner.left, reset")]
    [InlineData("model.updated", "{}", "'model_run_id'")]
    [InlineData("model.updated", """{"model_run_id":null}""", "'model_run_id'")]
    [InlineData("model.updated", """{"model_run_id":""}""", "'model_run_id'")]
    [InlineData("model.updated", """{"model_run_id":{"x":1}}""", "'model_run_id'")]
    [InlineData("model.updated", """{"model_run_id":"\ud800"}""", "'model_run_id'")]
    [InlineData("model.updated", """{"model_run_id":"a","Model_Run_Id":"b"}""", "two spellings")]
    [InlineData("model.updated", "[]", "'model_run_id'")]
    [InlineData("model.batch", """{"ids":[],"owner":{"name":"x"}}""", "'ids'")]
    [InlineData("cache.invalidate", """{"tagz":["x"]}""", "'tagz'")]
    [InlineData("cache.invalidate", """{"tags":"x"}""", "'tags'")]
    [InlineData("cache.invalidate", """{"tags":[""]}""", "'tags'")]
    [InlineData("cache.invalidate", """{"tags":["a"],"mode":"Hard"}""", "'mode'")]
    [InlineData("cache.invalidate", """{"everything":false}""", "names nothing")]
    [InlineData("cache.invalidate", "7", "is an object")]
    public void TryMap_BadEvent_IsNamed(string type, string data, string named)
    {
        Assert.False(Map(type, data, out var invalidation, out var error));
        Assert.Null(invalidation);
        Assert.Contains(named, error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryMap_ListsThatMultiply_AreRefused()
    {
        var map = Compile(("pairs", new() { Tags = ["{a}:{b}"] }));
        var list = string.Join(',', Enumerable.Range(0, 200).Select(i => $"\"{i}\""));

        Assert.False(map.TryMap("pairs", JsonDocument.Parse($$"""{"a":[{{list}}],"b":[{{list}}]}""").RootElement, out _, out var error));
        Assert.Contains("the most is 1000", error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryMap_BuiltIn_TakesAnInvalidation()
    {
        Assert.True(Map("cache.invalidate", """{"keys":["k"],"tags":["t*"],"patterns":["p:*"],"everything":false,"mode":"soft"}""", out var invalidation, out _));

        Assert.Equal<string>(["k"], invalidation!.Keys);
        Assert.Equal<string>(["t*"], invalidation.Tags);
        Assert.Equal<string>(["p:*"], invalidation.Patterns);
        Assert.Equal(InvalidationMode.Soft, invalidation.Mode);
    }

    [Fact]
    public void Compile_BrokenMapping_IsReported()
    {
        var errors = new List<ConfigurationError>();
        EventMap.Compile([new("cache.invalidate", new() { Tags = ["{"] }), new("x", new() { Mode = "Gone" })], "Invalidation.Events", errors);

        Assert.Equal(
            ["Invalidation.Events.cache.invalidate", "Invalidation.Events.cache.invalidate.Tags[0]", "Invalidation.Events.x", "Invalidation.Events.x.Mode"],
            errors.Select(error => error.Path).Order(StringComparer.Ordinal));
    }

    private static bool Map(string type, string data, out Engine.Invalidation.Invalidation? invalidation, out string? error) =>
        s_map.TryMap(type, JsonDocument.Parse(data).RootElement, out invalidation, out error);

    private static EventMap Compile(params (string Type, InvalidationConfig Config)[] events)
    {
        var errors = new List<ConfigurationError>();
        var map = EventMap.Compile(events.Select(entry => KeyValuePair.Create(entry.Type, entry.Config)), "Invalidation.Events", errors);
        Assert.Empty(errors);
        return map;
    }
}
