using System.Net;
using CacheProxy.Client.Endpoints;
using CacheProxy.Client.Events;
using CacheProxy.Client.Tests.Outbox;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CacheProxy.Client.Tests.Endpoints;

public class InvalidatesCacheTests
{
    [Fact]
    public async Task Success_Endpoint_PurgesBeforeTheClientHasItsAnswer()
    {
        await using var receiver = await Receiver.StartAsync();
        var release = new TaskCompletionSource();
        receiver.Answer = (_, _, _) => release.Task;
        await using var app = await BackendAsync(receiver.Url);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        var answer = client.PostAsync(new Uri("/ok/abc-123", UriKind.Relative), null);
        await Poll.UntilAsync(() => receiver.All.Count == 1, "the purge");
        Assert.False(answer.IsCompleted);
        release.SetResult();
        Assert.Equal(HttpStatusCode.OK, (await answer).StatusCode);
        Assert.Contains("\"tags\":[\"model:abc-123\"]", Assert.Single(receiver.All).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/missing", HttpStatusCode.NotFound)]
    [InlineData("/throws", HttpStatusCode.InternalServerError)]
    public async Task Failure_Endpoint_PurgesNothing(string path, HttpStatusCode expected)
    {
        await using var receiver = await Receiver.StartAsync();
        await using var app = await BackendAsync(receiver.Url);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        Assert.Equal(expected, (await client.PostAsync(new Uri(path, UriKind.Relative), null)).StatusCode);
        Assert.Empty(receiver.All);
    }

    [Fact]
    public async Task Patterns_Endpoint_ArePurgedAsTheyAre()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var app = await BackendAsync(receiver.Url);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        Assert.Equal(HttpStatusCode.NoContent, (await client.PostAsync(new Uri("/patterns", UriKind.Relative), null)).StatusCode);
        Assert.Contains("\"patterns\":[\"model:metrics:*\",\"model:comparison:*\"]", Assert.Single(receiver.All).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ProxyDown_Endpoint_AnswersAndKeepsThePurgeInTheOutbox()
    {
        var receiver = await Receiver.StartAsync();
        var url = receiver.Url;
        await receiver.DisposeAsync();
        var store = new MemoryOutbox();
        await using var app = await BackendAsync(url, store);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        Assert.Equal(HttpStatusCode.OK, (await client.PostAsync(new Uri("/ok/abc-123", UriKind.Relative), null)).StatusCode);
        Assert.Equal(1, store.Count);
    }

    private static async Task<WebApplication> BackendAsync(Uri target, MemoryOutbox? store = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddCacheProxyClient(ClientHost.Section([target], ("Attempts", "2")));
        if (store is not null) builder.Services.AddSingleton<Client.Outbox.IOutboxStore>(store).AddCacheProxyOutbox<MemoryOutbox>();
        var app = builder.Build();
        app.MapPost("/ok/{id}", (string id) => new { id }).InvalidatesCache(c => CacheInvalidation.OfModel((string)c.Request.RouteValues["id"]!));
        app.MapPost("/missing", () => Results.NotFound()).InvalidatesCache("model:*");
        app.MapPost("/throws", () => { throw new InvalidOperationException("broken"); }).InvalidatesCache("model:*");
        app.MapPost("/patterns", (HttpContext context) => { context.Response.StatusCode = 204; }).InvalidatesCache("model:metrics:*", "model:comparison:*");
        await app.StartAsync();
        return app;
    }
}
