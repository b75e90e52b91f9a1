using CacheProxy.Engine.Caching.Explaining;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.DependencyInjection;

namespace CacheProxy.Engine.Tests.Caching.InCode;

/// <summary>Policies of an application's own classes: each step is asked, and what it decides holds.</summary>
public sealed class WrittenPolicyTests
{
    [Fact]
    public async Task Response_DecidedWhenItComes_HasThatLifetime()
    {
        await using var host = await ApplicationHost.StartAsync(static endpoint => endpoint.CacheOutput(new WrittenPolicy
        {
            Request = static context => context.ResponseExpirationTimeSpan = TimeSpan.FromHours(1),
            Response = static context => context.ResponseExpirationTimeSpan = TimeSpan.FromSeconds(10),
        }));

        await host.GetAsync("/a");
        host.Time.Advance(TimeSpan.FromSeconds(11));
        var after = await host.GetAsync("/a");

        Assert.Equal("MISS", after.Cache);
    }

    [Fact]
    public async Task Response_RefusedWhenItComes_IsNotStored()
    {
        await using var host = await ApplicationHost.StartAsync(static endpoint => endpoint.CacheOutput(new WrittenPolicy { Response = static context => context.AllowCacheStorage = false }));

        var first = await host.GetAsync("/a");
        var second = await host.GetAsync("/a");

        Assert.Equal(("MISS", 2), (second.Cache, host.Answered));
        Assert.Contains("detail=policy", first["Cache-Status"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Response_OfAnotherStatusThatThePolicyAdmits_IsStored()
    {
        await using var host = await ApplicationHost.StartAsync((app, host) => app.MapGet("/a", (HttpContext context) => Results.NotFound(host.Count(context))).CacheOutput(new WrittenPolicy()));

        await host.GetAsync("/a");
        var second = await host.GetAsync("/a");

        Assert.Equal((404, "HIT"), (second.Status, second.Cache));
    }

    [Fact]
    public async Task Hit_BeforeItIsSent_IsToldToThePolicy()
    {
        var hits = 0;
        await using var host = await ApplicationHost.StartAsync(endpoint => endpoint.CacheOutput(new WrittenPolicy
        {
            Hit = context =>
            {
                hits++;
                context.HttpContext.Response.Headers["X-From-Policy"] = "yes";
            },
        }));

        await host.GetAsync("/a");
        Assert.Equal(0, hits);
        var second = await host.GetAsync("/a");

        Assert.Equal((1, "yes"), (hits, second["X-From-Policy"]));
    }

    [Fact]
    public async Task Lookup_ThatThePolicyForbids_AsksAndStoresAnew()
    {
        await using var host = await ApplicationHost.StartAsync(static endpoint => endpoint.CacheOutput(new WrittenPolicy
        {
            Request = static context => context.AllowCacheLookup = context.HttpContext.Request.Headers.CacheControl.Count == 0,
        }));

        await host.GetAsync("/a");
        var forced = await host.GetAsync("/a", "Cache-Control: no-cache");
        var after = await host.GetAsync("/a");

        Assert.Equal(("2 /a", "HIT", "2 /a"), (forced.Body, after.Cache, after.Body));
    }

    [Fact]
    public async Task Storage_ThatThePolicyForbids_LooksUpAndElsePasses()
    {
        await using var host = await ApplicationHost.StartAsync(static endpoint => endpoint.CacheOutput(new WrittenPolicy
        {
            Request = static context => context.AllowCacheStorage = context.HttpContext.Request.Headers["X-Store"].Count > 0,
        }));

        var passed = await host.GetAsync("/a");
        await host.GetAsync("/a", "X-Store: yes");
        var hit = await host.GetAsync("/a");

        Assert.Equal(("BYPASS", "HIT", "2 /a"), (passed.Cache, hit.Cache, hit.Body));
    }

    [Fact]
    public async Task Requests_ThatWaitForEachOther_RunTheEndpointOnce()
    {
        var open = new TaskCompletionSource();
        await using var host = await ApplicationHost.StartAsync((app, host) => app.MapGet("/a", async (HttpContext context) =>
        {
            await open.Task;
            return host.Count(context);
        }).CacheOutput());

        var answers = Enumerable.Range(0, 20).Select(_ => host.GetAsync("/a")).ToArray();
        await Processes.Poll.UntilAsync(() => host.Get<CacheProxy.Engine.Telemetry.CacheMetrics>().FillWaiters.Value == 19);
        open.SetResult();
        await Task.WhenAll(answers);

        Assert.Equal(1, host.Answered);
    }

    [Fact]
    public async Task Requests_ThatThePolicyDoesNotLetWait_RunTheEndpointEach()
    {
        var (open, running) = (new TaskCompletionSource(), 0);
        await using var host = await ApplicationHost.StartAsync((app, host) => app.MapGet("/a", async (HttpContext context) =>
        {
            if (Interlocked.Increment(ref running) == 5) open.SetResult();
            // Each is let go only when all of them run.
            await open.Task.WaitAsync(TimeSpan.FromSeconds(60));
            return host.Count(context);
        }).CacheOutput(static policy => policy.SetLocking(false)));

        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => host.GetAsync("/a")));
        var after = await host.GetAsync("/a");

        Assert.Equal(("HIT", 5), (after.Cache, host.Answered));
    }

    [Theory]
    [InlineData("policy")]
    [InlineData("policy, response")]
    [InlineData("endpoint")]
    public async Task Tag_GivenAnywhere_IsPurgedThroughTheStockStore(string by)
    {
        await using var host = await ApplicationHost.StartAsync((app, host) => app.MapGet("/{id}", (string id, HttpContext context) =>
        {
            if (by == "endpoint") context.Features.Get<IOutputCacheFeature>()!.Context.Tags.Add($"product:{id}");
            return host.Count(context);
        }).CacheOutput(new WrittenPolicy
        {
            Request = context => Tag(context, "policy"),
            Response = context => Tag(context, "policy, response"),
        }));

        void Tag(OutputCacheContext context, string when)
        {
            if (by == when) context.Tags.Add($"product:{context.HttpContext.Request.RouteValues["id"]}");
        }

        await host.GetAsync("/1");
        await host.GetAsync("/2");
        await host.Store.EvictByTagAsync("product:1", CancellationToken.None);
        var (one, two) = (await host.GetAsync("/1"), await host.GetAsync("/2"));

        Assert.Equal(("MISS", "HIT"), (one.Cache, two.Cache));
    }

    [Fact]
    public async Task Purge_WhileTheEndpointRuns_TakesWhatItAnswers()
    {
        var (running, open) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var host = await ApplicationHost.StartAsync((app, host) => app.MapGet("/a", async (HttpContext context) =>
        {
            running.TrySetResult();
            await open.Task;
            return host.Count(context);
        }).CacheOutput(static policy => policy.Tag("t")));

        var first = host.GetAsync("/a");
        await running.Task;
        await host.Store.EvictByTagAsync("t", CancellationToken.None);
        open.SetResult();
        await first;
        var second = await host.GetAsync("/a");

        Assert.Equal(("MISS", 2), (second.Cache, host.Answered));
    }

    [Fact]
    public async Task Key_OfATarget_IsPurgedByPattern()
    {
        await using var host = await ApplicationHost.StartAsync(static endpoint => endpoint.CacheOutput());

        await host.GetAsync("/a?x=1");
        await host.PurgeKeyAsync("http://*/a*");
        var second = await host.GetAsync("/a?x=1");

        Assert.Equal("MISS", second.Cache);
    }

    [Fact]
    public async Task UnsafeRequest_ThatSucceeds_PurgesAllThatIsStoredOfItsTarget()
    {
        await using var host = await ApplicationHost.StartAsync((app, host) =>
        {
            app.MapGet("/{id}", (HttpContext context) => host.Count(context)).CacheOutput(static policy => policy.SetVaryByQuery("page"));
            app.MapPost("/{id}", () => "changed");
        });

        await host.GetAsync("/a?page=1&utm=x");
        await host.GetAsync("/b?page=1");
        await host.SendAsync(HttpMethod.Post, "/a", null);
        var (a, b) = (await host.GetAsync("/a?page=1"), await host.GetAsync("/b?page=1"));

        Assert.Equal(("MISS", "HIT"), (a.Cache, b.Cache));
    }

    [Fact]
    public async Task Policy_ThatThrowsOnTheResponse_IsAnErrorThatIsNotStored()
    {
        await using var host = await ApplicationHost.StartAsync(static endpoint => endpoint.CacheOutput(new WrittenPolicy { Response = static _ => throw new InvalidOperationException("broken") }));

        var first = await host.GetAsync("/a");
        await host.GetAsync("/a");

        Assert.Equal((500, 2), (first.Status, host.Answered));
    }

    [Fact]
    public async Task ErrorPage_ThatIsCachedToo_KeepsTheStatusOfWhatItIsFor()
    {
        await using var host = await ApplicationHost.StartAsync(
            (app, host) =>
            {
                app.MapGet("/a", () => "a").CacheOutput(new WrittenPolicy { Request = static _ => throw new InvalidOperationException("broken") });
                app.MapGet("/error", (HttpContext context) => host.Count(context)).CacheOutput(new WrittenPolicy());
            },
            before: static app => app.UseExceptionHandler("/error"));

        var first = await host.GetAsync("/a");

        Assert.Equal((500, "1 /error"), (first.Status, first.Body));
    }

    [Fact]
    public async Task Tag_LongerThanANameMayBe_LeavesTheResponseUnstored()
    {
        await using var host = await ApplicationHost.StartAsync(static endpoint => endpoint.CacheOutput(static policy => policy.Tag(new string('t', 600))));

        await host.GetAsync("/a");
        var second = await host.GetAsync("/a");

        Assert.Equal("MISS", second.Cache);
    }

    [Fact]
    public async Task Request_UnderAPolicyInCode_IsExplained()
    {
        await using var host = await ApplicationHost.StartAsync(static endpoint => endpoint.CacheOutput(static policy => policy.Tag("t")));
        var authority = host.Client.BaseAddress!.Authority;
        ExplainedRequest Get(string target, HeaderDictionary headers) => new("GET", "http", authority, target, headers, null);

        await host.GetAsync("/a");
        var explainer = host.Get<IExplainer>();
        var hit = await explainer.ExplainAsync(Get("/a", []), CancellationToken.None);
        var miss = await explainer.ExplainAsync(Get("/b", []), CancellationToken.None);
        var bypass = await explainer.ExplainAsync(Get("/a", new() { ["Authorization"] = "x" }), CancellationToken.None);

        Assert.Equal(("hit", "miss", "policy"), (hit.Result, miss.Result, bypass.Reason));
        Assert.Contains("t", hit.Tags);
    }
}
