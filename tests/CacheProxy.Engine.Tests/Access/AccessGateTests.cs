using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Tests.Caching;
using Microsoft.Extensions.Time.Testing;

namespace CacheProxy.Engine.Tests.Access;

/// <summary>What is remembered of access checks (DESIGN 9): a yes, for its time, and never past a purge of what it was about.</summary>
public sealed class AccessGateTests
{
    private static readonly CachePolicyConfig s_policy = new()
    {
        Name = "p",
        Key = "p:{id}",
        Ttl = "1h",
        Tags = ["t:{id}"],
        AccessCheckPath = "/access/{id}",
        AccessCheckTtl = "30s",
    };

    private volatile bool _allows = true;

    private Task<RoutedHost> StartAsync(TimeProvider? time = null) => RoutedHost.StartAsync(
        request => !IsCheck(request.Target) ? RoutedAnswer.Json("secret") : _allows ? RoutedAnswer.Json("{}") : new(403, "no"), time, s_policy);

    [Fact]
    public async Task Yes_Remembered_IsAskedForOncePerCallerUntilItsTimeIsOver()
    {
        var time = new FakeTimeProvider();
        await using var host = await StartAsync(time);

        // The origin itself decides about the one who asks it.
        Assert.Equal("MISS", (await AskAsync(host, "owner")).Cache);
        Assert.Equal(0, Checks(host));
        for (var i = 0; i < 3; i++) Assert.Equal("HIT", (await AskAsync(host, "a")).Cache);
        Assert.Equal(1, Checks(host));
        Assert.Equal(200, (await AskAsync(host, "b")).Status);
        Assert.Equal(2, Checks(host));

        _allows = false;
        Assert.Equal(200, (await AskAsync(host, "a")).Status);
        time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(403, (await AskAsync(host, "a")).Status);
    }

    [Theory]
    [InlineData("key", InvalidationMode.Hard)]
    [InlineData("tag", InvalidationMode.Hard)]
    [InlineData("pattern", InvalidationMode.Hard)]
    [InlineData("everything", InvalidationMode.Hard)]
    [InlineData("tag", InvalidationMode.Soft)]
    [InlineData("key", InvalidationMode.Refresh)]
    public async Task Yes_Remembered_IsForgottenByAPurgeOfWhatItWasAbout(string what, InvalidationMode mode)
    {
        await using var host = await StartAsync();
        await AskAsync(host, "owner");
        Assert.Equal("HIT", (await AskAsync(host, "a")).Cache);
        _allows = false;

        await PurgeAsync(host, new() { Tags = ["t:2"], Keys = ["p:2"], Patterns = ["p:2*"] });
        Assert.Equal("HIT", (await AskAsync(host, "a")).Cache);
        await PurgeAsync(host, what switch
        {
            "key" => new() { Keys = ["p:1"], Mode = mode },
            "tag" => new() { Tags = ["t:1"], Mode = mode },
            "pattern" => new() { Patterns = ["p:*"], Mode = mode },
            _ => Engine.Invalidation.Invalidation.OfEverything,
        });
        // A refresh may have asked the origin again before the owner does: then the owner is served from the cache, and asked about.
        var owner = await AskAsync(host, "owner");
        Assert.True(owner.Cache == "MISS" || (mode == InvalidationMode.Refresh && owner.Status == 403), $"{owner.Status} {owner.Cache}");

        Assert.Equal(403, (await AskAsync(host, "a")).Status);
    }

    [Fact]
    public async Task Check_UnderWayWhenThePurgeComes_IsNeitherJoinedNorRememberedAfterIt()
    {
        await using var host = await StartAsync();
        await AskAsync(host, "owner");
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Origin.OnItsWay = request => IsCheck(request.Target) ? held.Task : Task.CompletedTask;
        var early = AskAsync(host, "a");
        await Poll.UntilAsync(() => Checks(host) > 0);

        _allows = false;
        await PurgeAsync(host, new() { Tags = ["t:1"] });
        host.Origin.OnItsWay = static _ => Task.CompletedTask;
        Assert.Equal("MISS", (await AskAsync(host, "owner")).Cache);
        // It is not sent to wait for the yes of before the purge.
        Assert.Equal(403, (await AskAsync(host, "a")).Status);
        held.SetResult();

        // It began before the purge: what was decided then is its own, and nobody else's.
        Assert.Equal(200, (await early).Status);
        Assert.Equal(403, (await AskAsync(host, "a")).Status);
    }

    private static bool IsCheck(string target) => target.StartsWith("/access/", StringComparison.Ordinal);

    private static int Checks(RoutedHost host) => host.Origin.Asked.Count(request => IsCheck(request.Target));

    private static Task<RoutedReply> AskAsync(RoutedHost host, string caller) => host.GetAsync("/p/1", "Authorization", caller);

    private static Task<Receipt> PurgeAsync(RoutedHost host, Engine.Invalidation.Invalidation purge) =>
        host.Log.AppendAsync(purge, InvalidationSource.Operator, null, CancellationToken.None);
}
