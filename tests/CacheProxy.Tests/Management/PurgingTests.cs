using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Tests.Hosting;

namespace CacheProxy.Tests.Management;

public sealed class PurgingTests
{
    private const string Clear = "/api/v1/models/cache/clear";

    [Theory]
    [InlineData("", """{"message":"Cleared all 3 cache entries","deleted_count":3,"pattern":"all"}""")]
    [InlineData("?pattern=model:metrics:*", """{"message":"Cleared 2 cache entries matching pattern: model:metrics:*","deleted_count":2,"pattern":"model:metrics:*"}""")]
    [InlineData("?pattern=old:pattern:*", """{"message":"Cleared 0 cache entries matching pattern: old:pattern:*","deleted_count":0,"pattern":"old:pattern:*"}""")]
    public async Task Clear_AnswersAsTheGuideDoes(string query, string expected)
    {
        await using var proxy = await TestProxy.StartAsync();
        using var response = await proxy.Clients.SendAsync(Tokens.Request("DELETE", Clear + query, Tokens.Valid));
        Assert.Equal(expected, await response.Content.ReadAsStringAsync());
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        var appended = Assert.Single(proxy.Log.Appended);
        Assert.Equal(InvalidationSource.Operator, appended.Source);
        Assert.Equal(query.Length == 0, appended.Invalidation.Everything);
    }

    [Fact]
    public async Task Clear_NotCountedWhole_SaysSo()
    {
        await using var proxy = await TestProxy.StartAsync();
        proxy.Catalog.Complete = false;
        using var response = await proxy.Clients.SendAsync(Tokens.Request("DELETE", Clear, Tokens.Valid));
        Assert.Contains("\"counted\":\"partial\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("?pattern=")]
    [InlineData("?patern=model:*")]
    [InlineData("?pattern=a&pattern=b")]
    [InlineData("?x")]
    public async Task Clear_WithAQueryThatIsNotUnderstood_ClearsNothing(string query)
    {
        await using var proxy = await TestProxy.StartAsync();
        using var response = await proxy.Clients.SendAsync(Tokens.Request("DELETE", Clear + query, Tokens.Valid));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Empty(proxy.Log.Appended);
    }

    [Fact]
    public async Task Invalidate_TakesNamesExactly()
    {
        await using var proxy = await TestProxy.StartAsync();
        const string Body = """{"keys":["a,b"],"tags":["model:*","model:č€"],"patterns":["x*"],"everything":false,"mode":"soft"}""";
        using var response = await proxy.Clients.SendAsync(Tokens.Request("POST", "/_cache/invalidate", Tokens.Valid, Json(Body)));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var (invalidation, _, _) = Assert.Single(proxy.Log.Appended);
        Assert.Equal<string>(["a,b"], invalidation.Keys);
        Assert.Equal<string>(["model:*", "model:č€"], invalidation.Tags);
        Assert.Equal<string>(["x*"], invalidation.Patterns);
        Assert.Equal(InvalidationMode.Soft, invalidation.Mode);
        Assert.Contains("\"position\":1", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invalidate_DryRun_CountsAndPurgesNothing()
    {
        await using var proxy = await TestProxy.StartAsync();
        using var response = await proxy.Clients.SendAsync(Tokens.Request("POST", "/_cache/invalidate", Tokens.Valid, Json("""{"patterns":["model:metrics:*"],"dryRun":true}""")));
        Assert.Equal("""{"dryRun":true,"matched":2,"counted":"all","hitShare":0.25}""", await response.Content.ReadAsStringAsync());
        Assert.Empty(proxy.Log.Appended);
    }

    [Theory]
    [InlineData("{}", 422, "names nothing")]
    [InlineData("""{"keys":[]}""", 422, "names nothing")]
    [InlineData("""{"key":["a"]}""", 422, "'key'")]
    [InlineData("""{"Keys":["a"]}""", 422, "'Keys'")]
    [InlineData("""{"keys":"a"}""", 422, "'keys'")]
    [InlineData("""{"keys":["a",1]}""", 422, "'keys[1]'")]
    [InlineData("""{"keys":[""]}""", 422, "'keys[0]'")]
    [InlineData("""{"keys":["\ud800"]}""", 422, "'keys[0]'")]
    [InlineData("""{"keys":null}""", 422, "'keys'")]
    [InlineData("""{"everything":"true"}""", 422, "'everything'")]
    [InlineData("""{"keys":["a"],"mode":"Hard"}""", 422, "'mode'")]
    [InlineData("""{"keys":["a"],"mode":0}""", 422, "'mode'")]
    [InlineData("""{"keys":["a"],"dryRun":1}""", 422, "'dryRun'")]
    [InlineData("""{"keys":["a"],"keys":["b"]}""", 400, "twice")]
    [InlineData("""{"keys":["a"]}x""", 400, "JSON")]
    [InlineData("[]", 422, "object")]
    [InlineData("", 400, "JSON")]
    public async Task Invalidate_NotUnderstood_IsNamedAndPurgesNothing(string body, int status, string named)
    {
        await using var proxy = await TestProxy.StartAsync();
        using var response = await proxy.Clients.SendAsync(Tokens.Request("POST", "/_cache/invalidate", Tokens.Valid, Json(body)));
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Contains(named, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Empty(proxy.Log.Appended);
    }

    [Theory]
    [InlineData(1_000, 5, HttpStatusCode.OK)]
    [InlineData(1_001, 5, HttpStatusCode.RequestEntityTooLarge)]
    [InlineData(20_000, 5, HttpStatusCode.RequestEntityTooLarge)]
    [InlineData(1_000, 100, HttpStatusCode.RequestEntityTooLarge)]
    [InlineData(2_000, 1_000, HttpStatusCode.RequestEntityTooLarge)]
    public async Task Invalidate_ManyNames_IsAllOrNothing(int count, int length, HttpStatusCode expected)
    {
        await using var proxy = await TestProxy.StartAsync();
        var names = string.Join(',', Enumerable.Range(0, count).Select(i => $"\"{i.ToString("D5", null).PadLeft(length, 'k')}\""));
        using var response = await proxy.Clients.SendAsync(Tokens.Request("POST", "/_cache/invalidate", Tokens.Valid, Json($"{{\"keys\":[{names}]}}")));
        Assert.Equal(expected, response.StatusCode);
        Assert.Equal(expected == HttpStatusCode.OK ? 1 : 0, proxy.Log.Appended.Count);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=latin1")]
    [InlineData(null)]
    public async Task Invalidate_NotSaidToBeJson_IsUnsupported(string? type)
    {
        await using var proxy = await TestProxy.StartAsync();
        var content = Json("""{"everything":true}""");
        content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        using var response = await proxy.Clients.SendAsync(Tokens.Request("POST", "/_cache/invalidate", Tokens.Valid, content));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.Empty(proxy.Log.Appended);
    }

    [Fact]
    public async Task Purge_OfAnyTarget_NeverReachesTheBackend()
    {
        await using var proxy = await TestProxy.StartAsync();
        using var refused = await proxy.Clients.SendAsync(Tokens.Request("PURGE", "/any/thing?b=2&a=1", null));
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        using var response = await proxy.Clients.SendAsync(Tokens.Request("PURGE", "/any/thing?b=2&a=1", Tokens.Valid));
        var receipt = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(1, receipt.GetProperty("matched").GetInt32());
        Assert.Equal("all", receipt.GetProperty("counted").GetString());
        var (invalidation, source, _) = Assert.Single(proxy.Log.Appended);
        Assert.Equal<string>(["uri:/any/thing?b=2&a=1"], invalidation.Tags);
        Assert.Equal(InvalidationSource.Purge, source);
        Assert.Empty(proxy.Reached);
    }

    [Fact]
    public async Task EveryPurge_ThatCannotBeRecorded_IsServiceUnavailable()
    {
        await using var proxy = await TestProxy.StartAsync();
        proxy.Log.Refuses = true;
        foreach (var request in (HttpRequestMessage[])
            [
                Tokens.Request("DELETE", Clear, Tokens.Valid),
                Tokens.Request("PURGE", "/x", Tokens.Valid),
                Tokens.Request("DELETE", "/_cache/entry?key=a", Tokens.Valid),
                Tokens.Request("POST", "/_cache/invalidate", Tokens.Valid, Json("""{"everything":true}""")),
            ])
        {
            using var response = await proxy.Clients.SendAsync(request);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            Assert.NotNull(response.Headers.RetryAfter);
            Assert.True(response.Headers.CacheControl!.NoStore);
        }
    }

    [Fact]
    public async Task Entries_AreListedReadAndDeleted()
    {
        await using var proxy = await TestProxy.StartAsync();
        var list = await ReadAsync(proxy, "/_cache/entries?pattern=model:metrics:*&limit=1");
        Assert.Equal("model:metrics:a", list.GetProperty("entries")[0].GetProperty("key").GetString());
        Assert.Equal("next", list.GetProperty("cursor").GetString());
        Assert.False(list.GetProperty("entries")[0].TryGetProperty("body", out _));

        var text = (await ReadAsync(proxy, "/_cache/entry?key=model:metrics:a")).GetProperty("entries")[0];
        Assert.Equal("""{"accuracy":0.95}""", text.GetProperty("body").GetString());
        Assert.Equal("application/json", text.GetProperty("headers").GetProperty("Content-Type")[0].GetString());
        Assert.Equal((200, 5, -1.5), (text.GetProperty("status").GetInt32(), text.GetProperty("age").GetInt32(), text.GetProperty("ttl").GetDouble()));
        Assert.Equal("//4A", (await ReadAsync(proxy, "/_cache/entry?key=model:metrics:b")).GetProperty("entries")[0].GetProperty("bodyBase64").GetString());

        using var missing = await proxy.Clients.SendAsync(Tokens.Request("GET", "/_cache/entry?key=none", Tokens.Valid));
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        using var deleted = await proxy.Clients.SendAsync(Tokens.Request("DELETE", "/_cache/entry?key=model:metrics:a", Tokens.Valid));
        Assert.Contains("\"matched\":1", await deleted.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal<string>(["model:metrics:a"], Assert.Single(proxy.Log.Appended).Invalidation.Keys);
    }

    [Theory]
    [InlineData("/_cache/entries?limit=0")]
    [InlineData("/_cache/entries?limit=1001")]
    [InlineData("/_cache/entries?limit=x")]
    [InlineData("/_cache/entries?page=2")]
    [InlineData("/_cache/entry")]
    [InlineData("/_cache/entry?key=")]
    public async Task Entries_WithAQueryThatIsNotUnderstood_AreABadRequest(string target)
    {
        await using var proxy = await TestProxy.StartAsync();
        using var response = await proxy.Clients.SendAsync(Tokens.Request("GET", target, Tokens.Valid));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task Purge_InTheLog_CannotForgeALine()
    {
        await using var proxy = await TestProxy.StartAsync();
        await proxy.Clients.SendAsync(Tokens.Request("POST", "/_cache/invalidate", Tokens.Valid, Json("""{"keys":["a\nError forged"]}""")));
        var line = Assert.Single(proxy.Lines, line => line.Contains("Purged", StringComparison.Ordinal));
        Assert.StartsWith("Information", line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line);
    }

    private static StringContent Json(string body) => new(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));

    private static async Task<JsonElement> ReadAsync(TestProxy proxy, string target)
    {
        using var response = await proxy.Clients.SendAsync(Tokens.Request("GET", target, Tokens.Valid));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
    }
}
