using System.Text;
using CacheProxy.Engine.Caching.Explaining;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Tests.Caching.Explaining;

public sealed class ExplainerTests
{
    private static readonly CachePolicyConfig s_policy = new() { Name = "p", Key = "p:{id}", Ttl = "1m", Tags = ["t:{id}"] };
    private static readonly CachePolicyConfig s_posts = new() { Name = "posts", Key = "posts:{body.ids|sort}", Ttl = "1m", Methods = ["POST"] };

    private static Task<RoutedHost> StartAsync() => RoutedHost.StartAsync(_ => RoutedAnswer.Json("v"), null, s_policy, s_posts);

    private static Task<Explanation> ExplainAsync(RoutedHost host, string method, string target, string? body = null, params string[] headers)
    {
        var fields = new HeaderDictionary();
        for (var i = 0; i < headers.Length; i += 2) fields[headers[i]] = headers[i + 1];
        return host.Get<IExplainer>().ExplainAsync(new(method, "http", "h", target, fields, body is null ? default(ReadOnlyMemory<byte>?) : Encoding.UTF8.GetBytes(body)), default);
    }

    [Fact]
    public async Task Explain_MissThenHitThenPurged_SaysSoWithoutAskingTheOrigin()
    {
        await using var host = await StartAsync();
        var miss = await ExplainAsync(host, "GET", "/p/1");
        await host.GetAsync("/p/1");
        var hit = await ExplainAsync(host, "GET", "/p/1");
        await host.Log.AppendAsync(new() { Tags = ["t:1"] }, InvalidationSource.Operator, null, default);
        var purged = await ExplainAsync(host, "GET", "/p/1");

        Assert.Equal(("miss", "uri-miss", "p", "p:1"), (miss.Result, miss.Reason, miss.Policy, miss.Key));
        Assert.Equal(("hit", "valid"), (hit.Result, Assert.Single(hit.Entries).Verdict));
        Assert.Contains("t:1", hit.Tags);
        Assert.Equal(("miss", "purged"), (purged.Result, Assert.Single(purged.Entries).Verdict));
        Assert.Equal(1, host.Origin.Count);
    }

    [Theory]
    [InlineData("GET", "/plain/1", "bypass", "no-policy")]
    [InlineData("DELETE", "/p/1", "bypass", "method")]
    [InlineData("GET", "/p/1?use_cache=false", "bypass", "requested")]
    [InlineData("POST", "/posts/1", "bypass", "body-type")]
    [InlineData("HEAD", "/p/1", "bypass", "head")]
    [InlineData("GET", "/nowhere", "no-route", null)]
    public async Task Explain_PastTheCache_NamesTheReasonThatARequestWouldGet(string method, string target, string result, string? reason)
    {
        await using var host = await StartAsync();

        var explained = await ExplainAsync(host, method, target);

        Assert.Equal((result, reason), (explained.Result, explained.Reason));
        Assert.All(explained.Notes, note => Assert.NotEmpty(note));
        if (result != "bypass") return;
        using var request = new HttpRequestMessage(new(method), target);
        using var response = await host.Client.SendAsync(request);
        Assert.Equal("BYPASS", response.Headers.GetValues("X-Cache").Single());
        Assert.Contains(reason!, response.Headers.GetValues("Cache-Status").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Explain_RejectedQuery_IsAnErrorOfOurs()
    {
        await using var host = await RoutedHost.StartAsync(_ => RoutedAnswer.Json("v"), null, s_policy with { UnknownQuery = "Reject" });

        var explained = await ExplainAsync(host, "GET", "/p/1?x=1");

        Assert.Equal(("error", "rejected"), (explained.Result, explained.Reason));
        Assert.Equal(400, (await host.GetAsync("/p/1?x=1")).Status);
    }

    [Fact]
    public async Task Explain_BodyAndCredentials_AreLookedAt()
    {
        await using var host = await StartAsync();

        var keyed = await ExplainAsync(host, "POST", "/posts/1", """{"ids":["b","a"]}""", "Content-Type", "application/json");
        var credentials = await ExplainAsync(host, "GET", "/p/1", null, "Authorization", "Bearer x");

        Assert.Equal(("miss", "posts:a|b"), (keyed.Result, keyed.Key));
        Assert.Equal(("bypass", "credentials"), (credentials.Result, credentials.Reason));
    }

    [Fact]
    public async Task Explain_KillSwitch_IsNamed()
    {
        await using var host = await StartAsync();
        await host.Get<IModeSwitch>().SetModeAsync("p", CacheMode.Off, null, default);

        var explained = await ExplainAsync(host, "GET", "/p/1");

        Assert.Equal(("bypass", "off", "Off"), (explained.Result, explained.Reason, explained.Mode));
    }

    [Fact]
    public async Task Find_TraceOfARequest_SaysWhatHappenedWithoutItsQuery()
    {
        await using var host = await StartAsync();
        await host.GetAsync("/p/1?token=secret", "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        await host.GetAsync("/p/1?token=secret", "traceparent", "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        await host.GetAsync("/p/1?token=secret");
        var explainer = host.Get<IExplainer>();

        var miss = explainer.Find("0af7651916cd43dd8448eb211c80319c")!;
        var hit = explainer.Find("1af7651916cd43dd8448eb211c80319c")!;

        Assert.Equal(("miss", "p", "p:1", "/p/1", 200), (miss.Result, miss.Policy, miss.Key, miss.Path, miss.Status));
        Assert.Equal("hit", hit.Result);
        Assert.Null(explainer.Find("2af7651916cd43dd8448eb211c80319c"));
        // The hit that nobody can name was not kept.
        Assert.Equal(2, explainer.Recent.Count());
    }
}
