using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using CacheProxy.Engine.Caching.Explaining;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace CacheProxy.Tests.Management;

/// <summary>Explain, the kill switch, the stream of figures and the console, over real listeners.</summary>
public sealed class ExplainAndModeTests
{
    private static StringContent Json(string text) => new(text, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));

    [Theory]
    [InlineData("POST", "/_cache/explain")]
    [InlineData("GET", "/_cache/explain?method=GET&url=/x")]
    [InlineData("GET", "/_cache/mode")]
    [InlineData("POST", "/_cache/mode")]
    [InlineData("GET", "/_cache/stream")]
    public async Task Endpoint_WithoutToken_Refuses(string method, string path)
    {
        await using var proxy = await TestProxy.StartAsync();
        using var response = await proxy.Clients.SendAsync(Tokens.Request(method, path, null));
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Empty(proxy.Reached);
    }

    [Fact]
    public async Task Explain_ReadScope_IsEnoughAndBodyAndHeadersArrive()
    {
        await using var proxy = await TestProxy.StartAsync();
        var token = Tokens.Sign(Tokens.Header, Tokens.Claims("cache:read"));
        const string Body = """{"method":"POST","url":"https://h.test/compare?x=1#y","headers":{"X-A":"1"},"body":{"ids":["a"]}}""";

        using var response = await proxy.Clients.SendAsync(Tokens.Request("POST", "/_cache/explain", token, Json(Body)));
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());

        Assert.Equal(("hit", "model:metrics:a"), (document.RootElement.GetProperty("result").GetString(), document.RootElement.GetProperty("key").GetString()));
        var asked = ((TestExplainer)proxy.App.Services.GetRequiredService<IExplainer>()).Asked!;
        Assert.Equal(("POST", "https", "h.test", "/compare?x=1"), (asked.Method, asked.Scheme, asked.Host, asked.Target));
        Assert.Equal(("1", "application/json", """{"ids":["a"]}"""), (asked.Headers["X-A"].ToString(), asked.Headers.ContentType.ToString(), Encoding.UTF8.GetString(asked.Body!.Value.Span)));
    }

    [Theory]
    [InlineData("""{"urll":"/x"}""", "urll")]
    [InlineData("""{"method":"GET"}""", "url")]
    [InlineData("""{"url":"ftp://x/y"}""", "url")]
    [InlineData("""{"url":"/x","method":"G T"}""", "method")]
    [InlineData("""{"url":"/x","headers":{"A":1}}""", "headers.A")]
    public async Task Explain_WhatIsNotUnderstood_IsNamed(string body, string named)
    {
        await using var proxy = await TestProxy.StartAsync();
        using var response = await proxy.Clients.SendAsync(Tokens.Request("POST", "/_cache/explain", Tokens.Valid, Json(body)));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        Assert.Contains(named, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TestExplainer.Trace, HttpStatusCode.OK, "uri-miss")]
    [InlineData("00-" + TestExplainer.Trace + "-b7ad6b7169203331-01", HttpStatusCode.OK, "uri-miss")]
    [InlineData("unknown", HttpStatusCode.NotFound, "decision-not-found")]
    public async Task Explain_PastRequest_ByItsTrace(string trace, HttpStatusCode status, string expected)
    {
        await using var proxy = await TestProxy.StartAsync();
        using var response = await proxy.Clients.SendAsync(Tokens.Request("GET", "/_cache/explain?request=" + trace, Tokens.Valid));
        Assert.Equal(status, response.StatusCode);
        Assert.Contains(expected, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mode_SetShownAndTakenBack_IsInEffectAndAudited()
    {
        await using var proxy = await TestProxy.StartAsync();
        var modes = proxy.App.Services.GetRequiredService<IModeSwitch>();

        using (var set = await proxy.Clients.SendAsync(Tokens.Request("POST", "/_cache/mode", Tokens.Valid, Json("""{"mode":"Off","policy":"*","for":"1h"}"""))))
            Assert.Equal(HttpStatusCode.OK, set.StatusCode);
        Assert.Equal(CacheMode.Off, modes.For("model-metrics"));
        using (var shown = await proxy.Clients.SendAsync(Tokens.Request("GET", "/_cache/mode", Tokens.Valid)))
            Assert.StartsWith("""{"overrides":[{"policy":"*","mode":"Off","until":""", await shown.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using (var back = await proxy.Clients.SendAsync(Tokens.Request("POST", "/_cache/mode", Tokens.Valid, Json("""{"mode":null}"""))))
            Assert.Equal("""{"overrides":[]}""", await back.Content.ReadAsStringAsync());

        Assert.Null(modes.For("model-metrics"));
        Assert.Contains(proxy.Lines, line => line.Contains("Kill switch: test set * to Off", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"mode":"Broken"}""", "mode")]
    [InlineData("""{"mode":"1"}""", "mode")]
    [InlineData("""{"policy":"*"}""", "mode")]
    [InlineData("""{"mode":"Off","policy":"no-such"}""", "policy")]
    [InlineData("""{"mode":"Off","for":"60"}""", "for")]
    [InlineData("""{"mode":"Off","fro":"1h"}""", "fro")]
    public async Task Mode_WhatIsNotUnderstood_ChangesNothing(string body, string named)
    {
        await using var proxy = await TestProxy.StartAsync();
        using var response = await proxy.Clients.SendAsync(Tokens.Request("POST", "/_cache/mode", Tokens.Valid, Json(body)));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        Assert.Contains(named, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(proxy.App.Services.GetRequiredService<IModeSwitch>().Overrides);
    }

    [Fact]
    public async Task Mode_ReadScope_MayLookButNotSet()
    {
        await using var proxy = await TestProxy.StartAsync();
        var token = Tokens.Sign(Tokens.Header, Tokens.Claims("cache:read"));
        using var shown = await proxy.Clients.SendAsync(Tokens.Request("GET", "/_cache/mode", token));
        using var set = await proxy.Clients.SendAsync(Tokens.Request("POST", "/_cache/mode", token, Json("""{"mode":"Off"}""")));
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Forbidden), (shown.StatusCode, set.StatusCode));
    }

    [Fact]
    public async Task Stream_SendsFiguresAtOnceAndEachSecond()
    {
        await using var proxy = await TestProxy.StartAsync();
        proxy.Statistics.Add(3, 1);
        using var response = await proxy.Operators.SendAsync(Tokens.Request("GET", "/_cache/stream", Tokens.Valid), HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        for (var i = 0; i < 2; i++)
        {
            var line = (await reader.ReadLineAsync(deadline.Token))!;
            using var figures = JsonDocument.Parse(line["data: ".Length..]);
            Assert.Equal(3, figures.RootElement.GetProperty("hits").GetInt64());
            Assert.Equal("", await reader.ReadLineAsync(deadline.Token));
        }
    }

    [Fact]
    public async Task Console_OnTheOperatorsListenerOnly_LoadsNothingFromElsewhere()
    {
        await using var proxy = await TestProxy.StartAsync(new() { ["Management:Prefix"] = "/_ops" });
        using var response = await proxy.Operators.GetAsync("/");
        var page = await response.Content.ReadAsStringAsync();

        Assert.Equal((HttpStatusCode.OK, "text/html"), (response.StatusCode, response.Content.Headers.ContentType!.MediaType));
        Assert.Contains("'/_ops'", page, StringComparison.Ordinal);
        Assert.DoesNotContain("{{", page, StringComparison.Ordinal);
        Assert.DoesNotMatch("(src|href)=\"(?!data:)", page);
        var policy = response.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        var script = page[(page.IndexOf("<script>", StringComparison.Ordinal) + 8)..page.IndexOf("</script>", StringComparison.Ordinal)];
        Assert.Contains(Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(script))), policy, StringComparison.Ordinal);
        Assert.Equal("backend", (await proxy.Clients.GetStringAsync("/"))[..7]);
    }
}
