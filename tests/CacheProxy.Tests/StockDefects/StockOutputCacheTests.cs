using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Configuration;

namespace CacheProxy.Tests.StockDefects;

/// <summary>
/// Why the engine is ours: what YARP with the stock OutputCache middleware does, reproduced (docs/decisions/0001). A test here that fails
/// after an update of the framework means that a reason has gone.
/// </summary>
public sealed class StockOutputCacheTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task OutputCache_OriginBreaksOffAChunkedBody_StoresTheFragmentAsAWhole()
    {
        using var origin = new RawOrigin(static async (_, stream) =>
            await RawOrigin.SayAsync(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"));
        await using var proxy = await StockProxy.StartAsync(origin, static policy => policy.Expire(TimeSpan.FromMinutes(1)));

        await Assert.ThrowsAnyAsync<Exception>(() => proxy.Client.GetStringAsync("/x"));
        var second = await proxy.Client.GetAsync("/x");

        Assert.Equal("hello", await second.Content.ReadAsStringAsync());
        Assert.Equal(1, origin.Requests);
    }

    [Fact]
    public async Task OutputCache_WithLockingAndTheLeaderGone_LosesTheFillForAllWhoWait()
    {
        var halfway = new TaskCompletionSource();
        using var origin = new RawOrigin(async (_, stream) =>
        {
            await RawOrigin.SayAsync(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            // The first request's second half never comes: its client leaves, and the proxy hangs up. Others get the whole.
            if (halfway.TrySetResult()) await stream.CopyToAsync(Stream.Null);
            else await RawOrigin.SayAsync(stream, "a\r\nhelloworld\r\n0\r\n\r\n");
        });
        await using var proxy = await StockProxy.StartAsync(origin, static policy => policy.Expire(TimeSpan.FromMinutes(1)).SetLocking(true));

        using var leader = new TcpClient();
        await leader.ConnectAsync("127.0.0.1", proxy.Port);
        await leader.GetStream().WriteAsync("GET /x HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray());
        await halfway.Task.WaitAsync(s_patience);
        var follower = proxy.Client.GetAsync("/x");
        await proxy.Waiting.WaitAsync(s_patience);
        leader.Client.LingerState = new LingerOption(true, 0);
        leader.Close();
        var answer = await follower.WaitAsync(s_patience);

        // The fetch ran on the leader's own token and died with it: who waited had to ask the origin again.
        Assert.Equal("helloworld", await answer.Content.ReadAsStringAsync());
        Assert.Equal(2, origin.Requests);
    }

    [Fact]
    public async Task OutputCache_TargetsThatDifferInCase_AreOneEntry()
    {
        using var origin = new RawOrigin(static async (line, stream) =>
            await RawOrigin.SayAsync(stream, $"HTTP/1.1 200 OK\r\nContent-Length: {line.Length}\r\n\r\n{line}"));
        await using var proxy = await StockProxy.StartAsync(origin, static policy => policy.Expire(TimeSpan.FromMinutes(1)));

        var first = await proxy.Client.GetStringAsync("/OKa");
        Assert.Equal(first, await proxy.Client.GetStringAsync("/okA"));
        Assert.Contains("/OKa", first, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OutputCache_ResponseForOneClientOnly_IsStoredForAll()
    {
        using var origin = new RawOrigin(static async (_, stream) =>
            await RawOrigin.SayAsync(stream, "HTTP/1.1 200 OK\r\nCache-Control: private, no-store\r\nVary: Accept-Language\r\nContent-Length: 6\r\n\r\nsecret"));
        await using var proxy = await StockProxy.StartAsync(origin, static policy => policy.Expire(TimeSpan.FromMinutes(1)));

        await proxy.Client.GetStringAsync("/x");
        await proxy.Client.GetStringAsync("/x");

        Assert.Equal(1, origin.Requests);
    }

    [Fact]
    public async Task OutputCache_TagEvictedDuringAFill_StoresTheOldContentAfterIt()
    {
        var asked = new TaskCompletionSource();
        var goOn = new TaskCompletionSource();
        using var origin = new RawOrigin(async (_, stream) =>
        {
            asked.TrySetResult();
            await goOn.Task;
            await RawOrigin.SayAsync(stream, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold");
        });
        await using var proxy = await StockProxy.StartAsync(origin, static policy => policy.Expire(TimeSpan.FromMinutes(1)).Tag("model"));

        var first = proxy.Client.GetStringAsync("/x");
        await asked.Task.WaitAsync(s_patience);
        await proxy.Store.EvictByTagAsync("model", default);
        goOn.TrySetResult();
        await first;

        // The eviction had ended before the fill did: whoever evicted believes that 'old' is gone.
        Assert.Equal("old", await proxy.Client.GetStringAsync("/x"));
        Assert.Equal(1, origin.Requests);
    }

    private sealed class StockProxy : IAsyncDisposable
    {
        private readonly WebApplication _app;
        private readonly TaskCompletionSource _second = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _arrived;

        private StockProxy(WebApplication app) => _app = app;

        public HttpClient Client { get; private set; } = new();

        public int Port { get; private set; }

        /// <summary>A second request has reached the cache.</summary>
        public Task Waiting => _second.Task;

        public IOutputCacheStore Store => _app.Services.GetRequiredService<IOutputCacheStore>();

        public static async Task<StockProxy> StartAsync(RawOrigin origin, Action<OutputCachePolicyBuilder> policy)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Services.AddOutputCache(options => options.AddPolicy("stock", policy));
            builder.Services.AddReverseProxy().LoadFromMemory(
                [new RouteConfig { RouteId = "r", ClusterId = "c", OutputCachePolicy = "stock", Match = new() { Path = "/{**rest}" } }],
                [new ClusterConfig { ClusterId = "c", Destinations = new Dictionary<string, DestinationConfig> { ["d"] = new() { Address = origin.Address } } }]);
            var app = builder.Build();
            var proxy = new StockProxy(app);
            app.Use(async (context, next) =>
            {
                if (Interlocked.Increment(ref proxy._arrived) == 2) proxy._second.TrySetResult();
                await next(context);
            });
            app.UseOutputCache();
            app.MapReverseProxy();
            await app.StartAsync();
            var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
            proxy.Port = new Uri(address).Port;
            proxy.Client = new HttpClient { BaseAddress = new Uri(address), Timeout = s_patience };
            return proxy;
        }

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await _app.DisposeAsync();
        }
    }
}
