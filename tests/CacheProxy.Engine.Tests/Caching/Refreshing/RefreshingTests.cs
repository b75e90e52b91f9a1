using System.Collections.Concurrent;
using CacheProxy.Engine.Caching.Refreshing;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Storage;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.Time.Testing;

namespace CacheProxy.Engine.Tests.Caching.Refreshing;

/// <summary>What is fetched before anybody waits for it, and what purges leave behind (DESIGN 2, 6).</summary>
public sealed class RefreshingTests
{
    private static readonly CachePolicyConfig s_policy = new() { Name = "p", Key = "p:{id}", Ttl = "1m", Tags = ["t:{id}"] };

    private int _version;

    private Task<RoutedHost> StartAsync(CachePolicyConfig? policy = null, TimeProvider? time = null) =>
        RoutedHost.StartAsync(request => RoutedAnswer.Json($"v{Volatile.Read(ref _version)} {request.Target}"), time, policy ?? s_policy);

    [Fact]
    public async Task Refresh_NamedAndHit_IsFetchedAgainBeforeAnybodyAsks()
    {
        await using var host = await StartAsync();
        foreach (var id in (string[])["hot", "cold"]) await host.GetAsync($"/p/{id}", "Accept", "*/*");
        Assert.Equal("HIT", (await host.GetAsync("/p/hot", "Accept", "*/*")).Cache);
        Volatile.Write(ref _version, 1);

        await host.Log.AppendAsync(new() { Patterns = ["p:*"], Mode = InvalidationMode.Refresh }, InvalidationSource.Operator, null, default);

        await Poll.UntilAsync(() => host.Origin.Count == 3, "the hot one was not fetched again");
        await Poll.UntilAsync(async () => await host.GetAsync("/p/hot", "Accept", "*/*") is { Cache: "HIT", Text: "v1 /p/hot" }, "no hit on what was fetched again");
        Assert.Equal(3, host.Origin.Count);
        Assert.Equal(("MISS", "v1 /p/cold"), ((await host.GetAsync("/p/cold")).Cache, "v1 /p/cold"));
    }

    [Fact]
    public async Task Refresh_OfManyHot_AsksForTheHottestFirstAndAFewAtATime()
    {
        const int Entries = HottestAgain.MaxAgain + 10, MaxConcurrent = 8;
        await using var host = await RoutedHost.StartAsync(
            request => RoutedAnswer.Json(request.Target), null, new CacheEngineOptions { Fills = new() { MaxConcurrent = MaxConcurrent } }, s_policy);
        foreach (var round in Enumerable.Range(0, 2))
            for (var i = 0; i < Entries; i++) await host.GetAsync($"/p/{i}");
        for (var i = 0; i < 3; i++) await host.GetAsync("/p/150");
        var running = 0;
        var atOnce = new ConcurrentQueue<int>();
        host.Origin.OnItsWay = async _ =>
        {
            atOnce.Enqueue(Interlocked.Increment(ref running));
            await Task.Yield();
            Interlocked.Decrement(ref running);
        };

        await host.Log.AppendAsync(new() { Patterns = ["p:*"], Mode = InvalidationMode.Refresh }, InvalidationSource.Operator, null, default);

        await Poll.UntilAsync(() => host.Origin.Count == Entries + HottestAgain.MaxAgain, "the hottest were not fetched again");
        Assert.Contains("/p/150", host.Origin.Asked.Skip(Entries).Take(MaxConcurrent / 4).Select(request => request.Target));
        // The clients keep the rest of what the origin is asked at once.
        Assert.InRange(atOnce.Max(), 1, MaxConcurrent / 4);
    }

    [Fact]
    public async Task Refresh_AfterTheAcknowledgement_NeverServesTheOldContent()
    {
        await using var host = await StartAsync();
        for (var round = 1; round <= 20; round++)
        {
            await host.GetAsync("/p/1");
            await host.GetAsync("/p/1");
            Volatile.Write(ref _version, round);
            await host.Log.AppendAsync(new() { Tags = ["t:1"], Mode = InvalidationMode.Refresh }, InvalidationSource.Operator, null, default);

            Assert.Equal($"v{round} /p/1", (await host.GetAsync("/p/1")).Text);
        }
    }

    [Fact]
    public async Task Soft_WithinTheWindow_ServesStaleForTheNextCacheTooAndRefreshes()
    {
        await using var host = await StartAsync(s_policy with { StaleWhileRevalidate = "30s" });
        await host.GetAsync("/p/1");
        Volatile.Write(ref _version, 1);
        await host.Log.AppendAsync(new() { Tags = ["t:1"], Mode = InvalidationMode.Soft }, InvalidationSource.Operator, null, default);

        var stale = await host.GetAsync("/p/1");

        Assert.Equal(("STALE", "v0 /p/1", "max-age=0, must-revalidate"), (stale.Cache, stale.Text, stale["Cache-Control"]));
        Assert.Contains("detail=soft", stale["Cache-Status"], StringComparison.Ordinal);
        await Poll.UntilAsync(async () => await host.GetAsync("/p/1") is { Cache: "HIT", Text: "v1 /p/1" }, "it was not refreshed");
        Assert.Equal(2, host.Origin.Count);
    }

    [Fact]
    public async Task Soft_WithoutWindow_IsFetchedInTheForegroundWithoutAValidator()
    {
        await using var host = await RoutedHost.StartAsync(
            request => request.Headers.IfNoneMatch.Count > 0 ? new(304, "", "ETag", "\"x\"") : RoutedAnswer.Json("v", "ETag", "\"x\""), null, s_policy);
        await host.GetAsync("/p/1");
        await host.Log.AppendAsync(new() { Keys = ["p:1"], Mode = InvalidationMode.Soft }, InvalidationSource.Operator, null, default);

        Assert.Equal("MISS", (await host.GetAsync("/p/1")).Cache);
        // A 304 would have left it behind the purge, to be asked for again and again.
        Assert.Equal("HIT", (await host.GetAsync("/p/1")).Cache);
        Assert.Equal(2, host.Origin.Count);
    }

    [Fact]
    public async Task Soft_OriginDown_ServesStaleForTheWindowFromThePurgeOn()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        var down = false;
        await using var host = await RoutedHost.StartAsync(_ => down ? new(0, "") : RoutedAnswer.Json("v"), time, s_policy with { Ttl = "1h", StaleIfError = "10s" });
        await host.GetAsync("/p/1");
        down = true;
        await host.Log.AppendAsync(new() { Keys = ["p:1"], Mode = InvalidationMode.Soft }, InvalidationSource.Operator, null, default);

        var within = await host.GetAsync("/p/1");
        time.Advance(TimeSpan.FromSeconds(11));
        var after = await host.GetAsync("/p/1");

        Assert.Equal((200, "STALE", "max-age=0, must-revalidate"), (within.Status, within.Cache, within["Cache-Control"]));
        Assert.Equal(502, after.Status);
    }

    [Fact]
    public async Task RefreshAhead_HitAfterItsShare_RefreshesBehindTheAnswer()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        await using var host = await StartAsync(s_policy with { RefreshAhead = "0.5" }, time);
        await host.GetAsync("/p/1");
        time.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal("HIT", (await host.GetAsync("/p/1")).Cache);
        Assert.Equal(1, host.Origin.Count);
        Volatile.Write(ref _version, 1);
        time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(("HIT", "v0 /p/1"), await ShortAsync(host));

        await Poll.UntilAsync(async () => await ShortAsync(host) == ("HIT", "v1 /p/1"), "it was not refreshed ahead");
        Assert.Equal(2, host.Origin.Count);
    }

    [Fact]
    public async Task Verify_BackendChangedWithoutEvent_IsCountedAsDifferent()
    {
        await using var host = await StartAsync(s_policy with { Verify = "1" });
        await host.GetAsync("/p/1");
        await host.GetAsync("/p/1");
        await Poll.UntilAsync(async () => (await host.MetricAsync("cacheproxy_verify_total{policy=\"p\",outcome=\"same\"}")).EndsWith(" 1", StringComparison.Ordinal), "not compared");
        Volatile.Write(ref _version, 1);

        Assert.Equal(("HIT", "v0 /p/1"), await ShortAsync(host));

        await Poll.UntilAsync(async () => (await host.MetricAsync("cacheproxy_verify_total{policy=\"p\",outcome=\"different\"}")).EndsWith(" 1", StringComparison.Ordinal), "no difference counted");
        Assert.Equal(("HIT", "v0 /p/1"), await ShortAsync(host));
    }

    [Fact]
    public async Task Warmup_Targets_AreThereBeforeTheFirstRequest()
    {
        await using var host = await StartAsync(s_policy with { Warmup = ["/p/1", "/p/2", "/elsewhere/3"] });
        await Poll.UntilAsync(() => host.Memory.Count == 2, "not warmed");

        Assert.Equal(("HIT", "v0 /p/1"), await ShortAsync(host));
        Assert.Equal(2, host.Origin.Count);
    }

    [Fact]
    public async Task Shadow_RequestsPass_AndWhatWouldHaveBeenIsCounted()
    {
        await using var host = await StartAsync(s_policy with { Mode = "Shadow" });
        for (var i = 0; i < 3; i++) Assert.Equal("BYPASS", (await host.GetAsync("/p/1")).Cache);
        await host.Log.AppendAsync(new() { Tags = ["t:1"] }, InvalidationSource.Operator, null, default);
        await host.GetAsync("/p/1");

        Assert.Equal((4, 0), (host.Origin.Count, host.Memory.Count));
        Assert.EndsWith(" 2", await host.MetricAsync("cacheproxy_shadow_total{policy=\"p\",outcome=\"hit\"}"), StringComparison.Ordinal);
        Assert.EndsWith(" 2", await host.MetricAsync("cacheproxy_shadow_total{policy=\"p\",outcome=\"miss\"}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task KillSwitch_Off_GoesPastTheCacheUntilItIsTakenBack()
    {
        await using var host = await StartAsync();
        var modes = host.Get<IModeSwitch>();
        for (var i = 0; i < 3; i++) await host.GetAsync("/p/1");

        await modes.SetModeAsync("*", CacheMode.Off, null, default);
        Assert.Equal("BYPASS", (await host.GetAsync("/p/1")).Cache);
        await modes.SetModeAsync("p", CacheMode.On, null, default);
        Assert.Equal("HIT", (await host.GetAsync("/p/1")).Cache);
        await modes.SetModeAsync("p", CacheMode.Shadow, TimeSpan.FromMinutes(1), default);
        Assert.Equal("BYPASS", (await host.GetAsync("/p/1")).Cache);
        await modes.SetModeAsync("p", null, null, default);
        await modes.SetModeAsync("*", null, null, default);
        Assert.Equal("HIT", (await host.GetAsync("/p/1")).Cache);
    }

    [Fact]
    public async Task EvictByTag_OfTheStockInterface_IsAPurge()
    {
        await using var host = await StartAsync();
        await host.GetAsync("/p/1");

        await host.Get<IOutputCacheStore>().EvictByTagAsync("t:1", default);

        Assert.Equal("MISS", (await host.GetAsync("/p/1")).Cache);
    }

    [Theory]
    [InlineData("POST", 200, "MISS")]
    [InlineData("GET", 200, "HIT")]
    public async Task CacheGroupInvalidation_CountsOnUnsafeMethodsOnly(string method, int status, string expected)
    {
        await using var host = await RoutedHost.StartAsync(
            request => request.Target == "/plain/x" ? new(status, "", "Cache-Group-Invalidation", "\"g\", \"h\"") : RoutedAnswer.Json("v", "Cache-Groups", "\"g\""), null, s_policy);
        await host.GetAsync("/p/1");

        await host.SendAsync(new HttpMethod(method), "/plain/x");

        Assert.Equal(expected, (await host.GetAsync("/p/1")).Cache);
    }

    [Fact]
    public async Task InvalidateOnSuccess_BodyField_PurgesWhatItNamesAndTheOriginGetsTheBody()
    {
        await using var host = await StartAsync(s_policy with { InvalidateOnSuccess = new() { Tags = ["t:{body.model.id}"] } });
        await host.GetAsync("/p/1");
        await host.GetAsync("/p/2");

        await host.SendAsync(HttpMethod.Post, "/p/9", "Body", """{"model":{"id":"2"}}""");

        Assert.Equal(("HIT", "MISS"), ((await host.GetAsync("/p/1")).Cache, (await host.GetAsync("/p/2")).Cache));
        Assert.Contains(host.Origin.Asked, request => request.Method == "POST" && request.Body!.Value.Span.SequenceEqual("""{"model":{"id":"2"}}"""u8));
    }

    [Theory]
    [InlineData("""{"model":{"id":"2"}}""", null)]
    [InlineData("""{"model":{}}""", "no value for {body.model.id}")]
    [InlineData("""{"model":""", "no value for {body.model.id}")]
    [InlineData("most", "a template of InvalidateOnSuccess makes more than 10000 names")]
    [InlineData("many", "1003 names do not fit into one record")]
    [InlineData("long", "901 names do not fit into one record")]
    public async Task InvalidateOnSuccess_CannotBeNamed_PurgesEverythingAndSaysWhy(string body, string? problem)
    {
        var (count, length) = body switch { "most" => (10_001, 5), "many" => (1_001, 4), "long" => (899, 100), _ => (0, 0) };
        if (count > 0) body = $$$"""{"model":{"id":[{{{string.Join(',', Enumerable.Range(0, count).Select(i => $"\"{i.ToString("D4", null).PadLeft(length, 'x')}\""))}}}]}}""";
        await using var host = await StartAsync(s_policy with { InvalidateOnSuccess = new() { Tags = ["t:{body.model.id}"] } });
        await host.GetAsync("/p/1");

        await host.SendAsync(HttpMethod.Post, "/p/9", "Body", body);

        Assert.Equal(problem is null ? "HIT" : "MISS", (await host.GetAsync("/p/1")).Cache);
        if (problem is null)
        {
            Assert.Empty(host.Lines);
            return;
        }

        var line = Assert.Single(host.Lines);
        Assert.StartsWith("Warning", line, StringComparison.Ordinal);
        foreach (var part in (string[])["A POST through route ", "/p/{id}", problem, "Have InvalidateOnSuccess of"]) Assert.True(line.Contains(part, StringComparison.Ordinal), $"{part}: {line}");
    }

    [Fact]
    public async Task InvalidateOnSuccess_Soft_IsSoftWhileTheTargetItselfIsGone()
    {
        await using var host = await StartAsync(s_policy with { StaleWhileRevalidate = "1h", InvalidateOnSuccess = new() { Tags = ["t:2"], Mode = "Soft" } });
        await host.GetAsync("/p/1");
        await host.GetAsync("/p/2");

        await host.SendAsync(HttpMethod.Post, "/p/1");

        Assert.Equal(("MISS", "STALE"), ((await host.GetAsync("/p/1")).Cache, (await host.GetAsync("/p/2")).Cache));
    }

    [Theory]
    [InlineData("Off")]
    [InlineData("Shadow")]
    public async Task UnsafeRequest_PolicyNotOn_PurgesWhatLiesThereUntilItIsOnAgain(string mode)
    {
        await using var host = await StartAsync(s_policy with { Mode = mode });
        var before = host.Log.Current!.Position.Sequence;

        await host.SendAsync(HttpMethod.Post, "/p/1");

        Assert.Equal(before + 1, host.Log.Current!.Position.Sequence);
    }

    [Fact]
    public async Task DryRun_HitShare_IsOfTheLastMinutes()
    {
        await using var host = await StartAsync();
        foreach (var id in (string[])["1", "2"])
            for (var i = 0; i < 11; i++) await host.GetAsync($"/p/{id}");
        foreach (var entry in host.Memory.Entries) entry.MoveHitWindow();
        foreach (var entry in host.Memory.Entries) entry.MoveHitWindow();
        for (var i = 0; i < 3; i++) await host.GetAsync("/p/1");
        await host.GetAsync("/p/2");

        var count = await host.Get<IEntryCatalog>().CountAsync(new() { Keys = ["p:1"] }, default);

        Assert.Equal((1, 0.75), (count.Matched, count.HitShare));
    }

    private static async Task<(string?, string)> ShortAsync(RoutedHost host)
    {
        var reply = await host.GetAsync("/p/1");
        return (reply.Cache, reply.Text);
    }
}
