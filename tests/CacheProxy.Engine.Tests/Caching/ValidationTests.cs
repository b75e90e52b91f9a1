using CacheProxy.Engine.Invalidation;

namespace CacheProxy.Engine.Tests.Caching;

/// <summary>RFC 9111 §4.3 and RFC 9110 §13: validation with the origin, and for clients.</summary>
public sealed class ValidationTests
{
    [Fact]
    public async Task Stale_WithAValidator_IsConfirmedAndFreshAgain()
    {
        await using var host = await CacheHost.StartAsync();
        host.Origin.Answers = request => request.Headers.IfNoneMatch == "\"a\""
            ? new OriginAnswer(304, "", "ETag: \"a\"", "Cache-Control: max-age=60", "X-New: 1")
            : OriginAnswer.Ok("one", "ETag: \"a\"", "Cache-Control: max-age=60");

        await host.GetAsync();
        host.Time.Advance(TimeSpan.FromSeconds(61));
        var confirmed = await host.GetAsync();
        host.Time.Advance(TimeSpan.FromSeconds(1));
        var hit = await host.GetAsync();

        Assert.Equal(("REVALIDATED", "one", "1"), (confirmed.Cache, confirmed.Body, confirmed["X-New"]));
        Assert.Equal(("HIT", "one", "1"), (hit.Cache, hit.Body, hit["Age"]));
        Assert.Equal(2, host.Origin.Count);
    }

    [Fact]
    public async Task Stale_WithAnotherAnswer_IsReplaced()
    {
        await using var host = await CacheHost.StartAsync();
        var version = 0;
        host.Origin.Answers = _ => OriginAnswer.Ok($"v{++version}", $"ETag: \"{version}\"", "Cache-Control: max-age=60");

        await host.GetAsync();
        host.Time.Advance(TimeSpan.FromSeconds(61));
        await host.GetAsync();

        Assert.Equal("v2", (await host.GetAsync()).Body);
        Assert.Equal(1, host.Memory.Count);
    }

    [Fact]
    public async Task NotModified_AboutAnotherTag_IsAskedAgainPlainly()
    {
        await using var host = await CacheHost.StartAsync();
        host.Origin.Answers = request => request.Headers.IfNoneMatch.Count > 0
            ? new OriginAnswer(304, "", "ETag: \"b\"")
            : OriginAnswer.Ok("whole", "ETag: \"a\"", "Cache-Control: max-age=60");

        await host.GetAsync();
        host.Time.Advance(TimeSpan.FromSeconds(61));
        var answered = await host.GetAsync();

        Assert.Equal((200, "whole"), (answered.Status, answered.Body));
        Assert.Equal(3, host.Origin.Count);
        Assert.Equal(0, host.Origin.Last.Headers.IfNoneMatch.Count);
    }

    [Fact]
    public async Task NotModified_ToAnUnconditionalRequest_Is502()
    {
        await using var host = await CacheHost.StartAsync();
        host.Origin.Answers = _ => new OriginAnswer(304, "");

        Assert.Equal(502, (await host.GetAsync()).Status);
    }

    [Fact]
    public async Task ClientsCondition_ThatHolds_Is304WithItsFields()
    {
        await using var host = await CacheHost.StartAsync();
        host.Origin.Answers = _ => OriginAnswer.Ok("one", "ETag: \"a\"", "Cache-Control: max-age=60", "Vary: X");

        var miss = await host.GetAsync("/a", "If-None-Match: \"a\"");
        var hit = await host.GetAsync("/a", "If-None-Match: W/\"a\"");

        Assert.Equal((304, 304), (miss.Status, hit.Status));
        Assert.Equal(("\"a\"", "max-age=60", "X", ""), (hit["ETag"], hit["Cache-Control"], hit["Vary"], hit["Content-Type"]));
        Assert.Equal(0, host.Origin.Last.Headers.IfNoneMatch.Count);
    }

    [Fact]
    public async Task ClientsIfMatch_ThatDoesNotHold_IsJudgedOnTheOriginsWord()
    {
        await using var host = await CacheHost.StartAsync();
        var tag = "a";
        host.Origin.Answers = _ => OriginAnswer.Ok(tag, $"ETag: \"{tag}\"", "Cache-Control: max-age=60, stale-while-revalidate=600");

        await host.GetAsync();
        tag = "b";
        var holds = await host.GetAsync("/a", "If-Match: \"b\"");
        var fails = await host.GetAsync("/a", "If-Match: \"a\"");

        Assert.Equal((200, "b"), (holds.Status, holds.Body));
        Assert.Equal(412, fails.Status);
        Assert.Equal(3, host.Origin.Count);
    }

    [Fact]
    public async Task NotModified_AfterAHardPurgeMeanwhile_BringsNothingBack()
    {
        await using var host = await CacheHost.StartAsync();
        var gate = new TaskCompletionSource();
        host.Origin.Answers = request => request.Headers.IfNoneMatch.Count > 0
            ? new OriginAnswer(304, "", "ETag: \"a\"", "Cache-Control: max-age=60") { BeforeHead = gate.Task }
            : OriginAnswer.Ok("new", "ETag: \"b\"", "Cache-Control: max-age=60");
        host.Origin.Answers = FirstThen(OriginAnswer.Ok("old", "ETag: \"a\"", "Cache-Control: max-age=60"), host.Origin.Answers);

        await host.GetAsync();
        host.Time.Advance(TimeSpan.FromSeconds(61));
        var validating = host.GetAsync();
        await Poll.UntilAsync(() => host.Origin.Count == 2);
        await host.PurgeAsync("*");
        gate.SetResult();
        await validating;

        Assert.Equal("new", (await host.GetAsync()).Body);
    }

    [Fact]
    public async Task SoftPurge_IsValidatedAndLooksStaleUntilThen()
    {
        await using var host = await CacheHost.StartAsync();
        host.Origin.Answers = request => request.Headers.IfNoneMatch.Count > 0
            ? new OriginAnswer(304, "", "ETag: \"a\"", "Cache-Control: max-age=60, stale-while-revalidate=60")
            : OriginAnswer.Ok("one", "ETag: \"a\"", "Cache-Control: max-age=60, stale-while-revalidate=60", "Expires: Wed, 25 Nov 2026 13:00:00 GMT");

        await host.GetAsync();
        await host.PurgeAsync("*", InvalidationMode.Soft);
        var stale = await host.GetAsync();

        Assert.Equal(("STALE", "one"), (stale.Cache, stale.Body));
        Assert.Equal(("max-age=0, must-revalidate", ""), (stale["Cache-Control"], stale["Expires"]));
    }

    private static Func<OriginRequest, OriginAnswer> FirstThen(OriginAnswer first, Func<OriginRequest, OriginAnswer> then)
    {
        var asked = 0;
        return request => Interlocked.Increment(ref asked) == 1 ? first : then(request);
    }
}
