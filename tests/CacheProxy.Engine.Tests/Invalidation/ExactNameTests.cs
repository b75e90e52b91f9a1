using System.Text;
using System.Text.Json;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Tests.Caching;

namespace CacheProxy.Engine.Tests.Invalidation;

/// <summary>
/// A name that contains another, a wildcard, a separator or any Unicode is exactly itself (INVALIDATION 1), whoever gave it: each purge of a
/// tag or a key takes the one entry that has it, of entries whose names are as alike as can be.
/// </summary>
public sealed class ExactNameTests
{
    private static readonly CachePolicyConfig s_policy = new() { Name = "p", Key = "p:{id}", Ttl = "1h", Tags = ["t:{id}"] };

    private static readonly string[] s_ids = ["a", "A", "aa", "a*", "*", "a?", "[a]", "a,b", "a:a", "a%2A", "\\a", "ä", "a\u0308", "č€", "🂡", "{a}", "t:a"];

    [Theory]
    [InlineData("tag")]
    [InlineData("key")]
    [InlineData("event")]
    [InlineData("origin's tag")]
    public async Task Purge_OfOneName_TakesThatEntryAndNoOther(string way)
    {
        await using var host = await StartAsync();
        foreach (var purged in s_ids)
        {
            foreach (var id in s_ids) await GetAsync(host, id);

            await host.Log.AppendAsync(Purge(way, purged), InvalidationSource.Operator, null, CancellationToken.None);

            foreach (var id in s_ids) Assert.Equal((id, id == purged ? "MISS" : "HIT"), (id, (await GetAsync(host, id)).Cache));
        }
    }

    private static Engine.Invalidation.Invalidation Purge(string way, string id) => way switch
    {
        "tag" => new() { Tags = ["t:" + KeyEscaping.Escape(id)] },
        "key" => new() { Keys = ["p:" + KeyEscaping.Escape(id)] },
        "origin's tag" => new() { Tags = ["o:" + id] },
        _ => OfEvent(id),
    };

    private static Engine.Invalidation.Invalidation OfEvent(string id)
    {
        var errors = new List<ConfigurationError>();
        var map = EventMap.Compile([new("changed", new() { Tags = ["t:{id}"] })], "Events", errors);
        Assert.Empty(errors);
        using var data = JsonDocument.Parse(JsonSerializer.Serialize(new Dictionary<string, string> { ["id"] = id }));
        Assert.True(map.TryMap("changed", data.RootElement, out var invalidation, out _));
        return invalidation;
    }

    // The origin's fields come byte for byte.
    private static Task<RoutedHost> StartAsync() => RoutedHost.StartAsync(
        request => RoutedAnswer.Json("x", "Surrogate-Key", Encoding.Latin1.GetString(Encoding.UTF8.GetBytes("o:" + Uri.UnescapeDataString(request.Target["/p/".Length..])))), null, s_policy);

    private static Task<RoutedReply> GetAsync(RoutedHost host, string id) => host.GetAsync("/p/" + Uri.EscapeDataString(id));
}
