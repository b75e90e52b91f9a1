using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;

namespace CacheProxy.Engine.Tests.Caching;

/// <summary>RFC 9111 §3.3, §3.4 and RFC 9110 §14: parts sent, stored, united and completed.</summary>
public sealed class PartialTests
{
    private const string Digits = "0123456789";

    [Fact]
    public async Task Range_OfAStoredWhole_IsCutFromIt()
    {
        await using var host = await CacheHost.StartAsync();
        host.Origin.Answers = _ => OriginAnswer.Ok(Digits, "Cache-Control: max-age=60");

        await host.GetAsync();
        var part = await host.GetAsync("/a", "Range: bytes=2-4");
        var beyond = await host.GetAsync("/a", "Range: bytes=10-");

        Assert.Equal((206, "234", "bytes 2-4/10"), (part.Status, part.Body, part["Content-Range"]));
        Assert.Equal((416, "bytes */10"), (beyond.Status, beyond["Content-Range"]));
        Assert.Equal(1, host.Origin.Count);
    }

    [Fact]
    public async Task Range_UnderAnExplicitTtl_FetchesTheWholeOnce()
    {
        await using var host = await CacheHost.StartAsync(new CachePolicyConfig { Name = "ttl", Ttl = "1h" });
        host.Origin.Answers = _ => OriginAnswer.Ok(Digits);

        var part = await host.GetAsync("/a", "Range: bytes=2-4");

        Assert.Equal((206, "234"), (part.Status, part.Body));
        Assert.Equal("HIT", (await host.GetAsync()).Cache);
        Assert.Equal(0, host.Origin.Last.Headers.Range.Count);
    }

    [Fact]
    public async Task Range_ThatIsNotStored_GoesAsItCameAndItsPartIsReused()
    {
        await using var host = await HostAsync();

        var first = await host.GetAsync("/a", "Range: bytes=2-6");
        var same = await host.GetAsync("/a", "Range: bytes=2-6");
        var within = await host.GetAsync("/a", "Range: bytes=3-4");
        var outside = await host.GetAsync("/a", "Range: bytes=8-9");

        Assert.Equal((206, "23456", "MISS"), (first.Status, first.Body, first.Cache));
        Assert.Equal((206, "23456", "HIT", "bytes 2-6/10"), (same.Status, same.Body, same.Cache, same["Content-Range"]));
        Assert.Equal((206, "34", "HIT", "bytes 3-4/10"), (within.Status, within.Body, within.Cache, within["Content-Range"]));
        Assert.Equal((206, "89", "MISS"), (outside.Status, outside.Body, outside.Cache));
        Assert.Equal(2, host.Origin.Count);
    }

    [Fact]
    public async Task Parts_ThatTouch_AreUnitedToTheWhole()
    {
        await using var host = await HostAsync();

        await host.GetAsync("/a", "Range: bytes=0-4");
        await host.GetAsync("/a", "Range: bytes=3-9");
        var whole = await host.GetAsync();

        Assert.Equal((200, Digits, "HIT", ""), (whole.Status, whole.Body, whole.Cache, whole["Content-Range"]));
        Assert.Equal("10", whole["Content-Length"]);
        Assert.Equal(1, host.Memory.Count);
    }

    [Fact]
    public async Task Part_BehindASoftPurge_IsNotCompletedButFetchedWhole()
    {
        await using var host = await HostAsync();

        await host.GetAsync("/a", "Range: bytes=0-4");
        await host.PurgeAsync("*", InvalidationMode.Soft);
        var whole = await host.GetAsync();

        Assert.Equal((200, Digits, "MISS"), (whole.Status, whole.Body, whole.Cache));
        Assert.Equal(0, host.Origin.Last.Headers.Range.Count);
        // What is made of a stale part would be as stale as it is.
        Assert.Equal("HIT", (await host.GetAsync()).Cache);
    }

    [Fact]
    public async Task Parts_OfDifferentTags_AreNotUnited()
    {
        await using var host = await HostAsync(tagOf: request => request.Headers.Range == "bytes=0-4" ? "a" : "b");

        await host.GetAsync("/a", "Range: bytes=0-4");
        await host.GetAsync("/a", "Range: bytes=5-9");

        Assert.Equal("MISS", (await host.GetAsync("/a", "Range: bytes=0-4")).Cache);
    }

    [Fact]
    public async Task Part_FromTheBeginning_IsCompletedByItsRest()
    {
        await using var host = await HostAsync();

        await host.GetAsync("/a", "Range: bytes=0-3");
        var whole = await host.GetAsync();

        Assert.Equal((200, Digits, ""), (whole.Status, whole.Body, whole["Content-Range"]));
        Assert.Equal(("bytes=4-", "\"a\""), (host.Origin.Last.Headers.Range.ToString(), host.Origin.Last.Headers.IfRange.ToString()));
        Assert.Equal(("HIT", Digits), ((await host.GetAsync()).Cache, (await host.GetAsync()).Body));
    }

    [Fact]
    public async Task Part_ThatHasChangedAtTheOrigin_IsReplacedByTheWhole()
    {
        await using var host = await HostAsync();

        await host.GetAsync("/a", "Range: bytes=0-3");
        host.Origin.Answers = _ => OriginAnswer.Ok("another", "ETag: \"b\"", "Cache-Control: max-age=60");
        var whole = await host.GetAsync();

        Assert.Equal((200, "another"), (whole.Status, whole.Body));
    }

    [Fact]
    public async Task Part_WhoseRestDoesNotFit_IsAskedForAsAWhole()
    {
        await using var host = await HostAsync();

        await host.GetAsync("/a", "Range: bytes=0-3");
        // Ignores If-Range, and has another version.
        host.Origin.Answers = request => request.Headers.Range.Count > 0
            ? new OriginAnswer(206, "WRONG!", "ETag: \"b\"", "Content-Range: bytes 4-9/10")
            : OriginAnswer.Ok("another", "ETag: \"b\"", "Cache-Control: max-age=60");
        var whole = await host.GetAsync();

        Assert.Equal((200, "another"), (whole.Status, whole.Body));
        Assert.Equal(3, host.Origin.Count);
    }

    [Fact]
    public async Task Part_WithoutAStrongValidator_IsNeverCompleted()
    {
        await using var host = await HostAsync(tagOf: _ => null);

        await host.GetAsync("/a", "Range: bytes=0-3");
        var whole = await host.GetAsync();

        Assert.Equal((200, Digits), (whole.Status, whole.Body));
        Assert.Equal(0, host.Origin.Last.Headers.Range.Count);
    }

    [Fact]
    public async Task Part_AfterAHardPurge_IsNoPartOfAnything()
    {
        await using var host = await HostAsync();

        await host.GetAsync("/a", "Range: bytes=0-3");
        await host.PurgeAsync("*");
        await host.GetAsync();

        Assert.Equal(0, host.Origin.Last.Headers.Range.Count);
    }

    [Fact]
    public async Task Whole_MadeOfParts_IsAsOldForPurgesAsTheOldestOfThem()
    {
        await using var host = await HostAsync();
        await host.GetAsync("/a", "Range: bytes=0-3");
        var before = host.Memory.Entries.Single().Response.Stamp;
        await host.PurgeAsync("something-else");

        await host.GetAsync();

        Assert.Equal(before, host.Memory.Entries.Single().Response.Stamp);
    }

    [Fact]
    public async Task PartialContent_ThatNobodyAskedFor_Is502()
    {
        await using var host = await CacheHost.StartAsync();
        host.Origin.Answers = _ => new OriginAnswer(206, "234", "Content-Range: bytes 2-4/10", "Cache-Control: max-age=60");

        Assert.Equal(502, (await host.GetAsync()).Status);
    }

    private static async Task<CacheHost> HostAsync(Func<OriginRequest, string?>? tagOf = null)
    {
        var host = await CacheHost.StartAsync();
        host.Origin.Answers = request =>
        {
            List<string> fields = ["Cache-Control: max-age=60"];
            if ((tagOf is null ? "a" : tagOf(request)) is { } tag) fields.Add($"ETag: \"{tag}\"");
            if (request.Headers.Range is not [{ } range]) return OriginAnswer.Ok(Digits, [.. fields]);
            var ends = range["bytes=".Length..].Split('-');
            var (first, last) = (int.Parse(ends[0], null), ends[1].Length == 0 ? 9 : int.Parse(ends[1], null));
            return new OriginAnswer(206, Digits[first..(last + 1)], [.. fields, $"Content-Range: bytes {first}-{last}/10"]);
        };
        return host;
    }
}
