using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.DependencyInjection;

namespace CacheProxy.Engine.Tests.Caching.InCode;

/// <summary>The application's own endpoints, run for the cache and for no client.</summary>
public sealed class EndpointOriginTests
{
    [Fact]
    public async Task Endpoint_WhoseClientLeaves_GoesOnAndIsStored()
    {
        var (running, open) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var host = await ApplicationHost.StartAsync((app, host) => app.MapGet("/a", async (HttpContext context) =>
        {
            running.TrySetResult();
            await open.Task.WaitAsync(context.RequestAborted);
            return host.Count(context);
        }).CacheOutput());

        using var leaving = new CancellationTokenSource();
        var left = host.Client.GetAsync("/a", leaving.Token);
        await running.Task;
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        open.SetResult();
        await Processes.Poll.UntilAsync(async () => (await host.GetAsync("/a")).Cache == "HIT");

        Assert.Equal(1, host.Answered);
    }

    [Theory]
    [InlineData(false, 500)]
    [InlineData(true, 400)]
    public async Task Endpoint_ThatThrows_IsAnsweredByItsStatusAndNotStored(bool isRefusal, int status)
    {
        await using var host = await ApplicationHost.StartAsync((app, host) => app.MapGet("/a", (HttpContext context) =>
        {
            _ = host.Count(context);
            context.Response.Headers["X-Half"] = "made";
            throw isRefusal ? new BadHttpRequestException("no") : new InvalidOperationException("broken");
        }).CacheOutput(new WrittenPolicy { Response = static context => context.AllowCacheStorage = context.HttpContext.Response.StatusCode == 200 }));

        var first = await host.GetAsync("/a");
        await host.GetAsync("/a");

        Assert.Equal((status, "", 2), (first.Status, first["X-Half"], host.Answered));
    }

    [Fact]
    public async Task Endpoint_ThatThrowsInItsBody_EndsTheConnectionAndIsNotStored()
    {
        await using var host = await ApplicationHost.StartAsync((app, host) => app.MapGet("/a", async (HttpContext context) =>
        {
            await context.Response.WriteAsync(host.Count(context));
            await context.Response.Body.FlushAsync();
            throw new InvalidOperationException("broken");
        }).CacheOutput());

        await Assert.ThrowsAsync<HttpRequestException>(() => host.GetAsync("/a"));
        await Assert.ThrowsAsync<HttpRequestException>(() => host.GetAsync("/a"));

        Assert.Equal(2, host.Answered);
    }

    [Fact]
    public async Task Endpoint_ThatIsLate_GivesAnErrorOfTime()
    {
        await using var host = await ApplicationHost.StartAsync((app, _) => app.MapGet("/a", async (HttpContext context) =>
        {
            // An endpoint that never answers by itself: only its time-out ends it.
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        }).CacheOutput().WithMetadata(new RequestTimeoutAttribute(50)));

        var answer = await host.GetAsync("/a");

        Assert.Equal(504, answer.Status);
    }

    [Theory]
    [InlineData("/a%2Fb")]
    [InlineData("/a%252fb")]
    [InlineData("/a%20b%C3%A9")]
    [InlineData("/a/../b?x=%2F&y=%25")]
    [InlineData("/a+b?")]
    public async Task Endpoint_ForTheCacheAndForAClient_SeesTheSameTarget(string target)
    {
        await using var host = await ApplicationHost.StartAsync((app, _) => app.MapGet("/{**rest}", (HttpContext context) =>
            $"{context.Request.Method} {context.Request.Scheme} {context.Request.Path} {context.Request.QueryString} {context.Request.RouteValues["rest"]} {context.Request.Host}").CacheOutput());

        var filled = await host.GetAsync(target);
        var passed = await host.GetAsync(target, "Authorization: x");

        Assert.Equal(("MISS", "BYPASS"), (filled.Cache, passed.Cache));
        Assert.Equal(passed.Body, filled.Body);
    }

    [Fact]
    public async Task Endpoint_ThatSendsAFile_IsStoredWithIt()
    {
        var file = typeof(EndpointOriginTests).Assembly.Location;
        await using var host = await ApplicationHost.StartAsync((app, host) => app.MapGet("/a", (HttpContext context) =>
        {
            _ = host.Count(context);
            return Results.File(file, "application/octet-stream");
        }).CacheOutput());

        using var first = await host.Client.GetAsync("/a");
        using var second = await host.Client.GetAsync("/a");

        Assert.Equal(new FileInfo(file).Length, (await first.Content.ReadAsByteArrayAsync()).LongLength);
        Assert.Equal(await first.Content.ReadAsByteArrayAsync(), await second.Content.ReadAsByteArrayAsync());
        Assert.Equal(1, host.Answered);
    }

    [Fact]
    public async Task Services_OfTheFillsScope_AreEndedWithIt()
    {
        var ended = 0;
        await using var host = await ApplicationHost.StartAsync(
            (app, host) => app.MapGet("/a", (HttpContext context, Scoped _) => host.Count(context)).CacheOutput(),
            services: services => services.AddScoped(_ => new Scoped(() => Interlocked.Increment(ref ended))));

        await host.GetAsync("/a");
        await Processes.Poll.UntilAsync(() => Volatile.Read(ref ended) == 1);
        await host.GetAsync("/a");

        Assert.Equal(1, ended);
    }

    private sealed class Scoped(Action ended) : IDisposable
    {
        public void Dispose() => ended();
    }
}
