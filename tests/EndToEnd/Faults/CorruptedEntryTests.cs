using EndToEnd.Wire;
using Processes;
using StackExchange.Redis;

namespace EndToEnd.Faults;

/// <summary>Bytes in Redis that are not what we wrote (RELIABILITY 3, R10 to R12, P8): a miss, and overwritten; never a wrong answer.</summary>
public sealed class CorruptedEntryTests
{
    private const string Prefix = "cacheproxy:__MSOCV_item:";

    [RedisFact]
    public async Task Entry_EachByteFlippedInTurn_IsAMissAndFilledAgain()
    {
        await using var rig = await SharedRig.StartAsync(2);
        await using var admin = await rig.ConnectAsync();
        var redis = admin.GetDatabase();
        await rig.GetAsync(0, "/item/b0");
        var length = (await StoredAsync(redis, "b0")).Length;

        for (var i = 0; i < length; i++)
        {
            var name = $"b{i}";
            await rig.GetAsync(0, $"/item/{name}");
            var bytes = await StoredAsync(redis, name);
            bytes[i % bytes.Length] ^= (byte)(1 + (i % 255));
            await redis.StringSetAsync(Prefix + name, bytes, null, keepTtl: true);
            await IsFilledAsync(rig, name);
        }
    }

    [RedisFact]
    public async Task Entry_CutOrForeignOrOfAnotherVersion_IsAMissAndFilledAgain()
    {
        await using var rig = await SharedRig.StartAsync(2);
        await using var admin = await rig.ConnectAsync();
        var redis = admin.GetDatabase();
        await rig.GetAsync(0, "/item/other");
        var other = await StoredAsync(redis, "other");
        var next = 0;

        foreach (var bytes in Wrong(other))
        {
            var name = $"w{next++}";
            await rig.GetAsync(0, $"/item/{name}");
            await StoredAsync(redis, name);
            await redis.StringSetAsync(Prefix + name, bytes);
            await IsFilledAsync(rig, name);
        }
    }

    [RedisFact]
    public async Task Entry_OfAnotherType_IsAMissAndOverwritten()
    {
        await using var rig = await SharedRig.StartAsync(1);
        await using var admin = await rig.ConnectAsync();
        var redis = admin.GetDatabase();
        await redis.ListRightPushAsync(Prefix + "list", "x");
        await redis.HashSetAsync(Prefix + "hash", "x", "y");

        foreach (var name in new[] { "list", "hash" })
        {
            Assert.Equal($"/item/{name} 1", (await rig.GetAsync(0, $"/item/{name}")).Text);
            await StoredAsync(redis, name);
        }
        Assert.Equal(0, await ProxyRig.MetricAsync(rig.Replicas[0], "cacheproxy_shared_breaker_open"));
    }

    /// <summary>Each asks for its own entry, and each is given the other's, whole and in order: no checksum can tell.</summary>
    [RedisFact]
    public async Task Replies_SwappedOnTheWire_AreMissesAndNobodyHasTheOthersAnswer()
    {
        await using var redis = await RedisServer.StartAsync();
        using var relay = new Relay(redis.Port);
        await using var rig = await SharedRig.StartAsync(1, redis.Address);
        await rig.AddAsync(relay.Address);
        await using var admin = await ConnectionMultiplexer.ConnectAsync(redis.Address);
        foreach (var name in new[] { "left-one", "right-on" })
        {
            await rig.GetAsync(0, $"/item/{name}");
            await StoredAsync(admin.GetDatabase(), name);
        }

        relay.Change = static piece => Swap(piece.Span, "item:left-one"u8, "item:right-on"u8);
        foreach (var name in new[] { "left-one", "right-on" })
        {
            var reply = await rig.GetAsync(1, $"/item/{name}");
            Assert.Equal((200, $"/item/{name} 2", "MISS"), (reply.Status, reply.Text, reply.Cache));
        }
        Assert.Equal(0, await ProxyRig.MetricAsync(rig.Replicas[1], "cacheproxy_shared_breaker_open"));
    }

    private static void Swap(Span<byte> text, ReadOnlySpan<byte> one, ReadOnlySpan<byte> other)
    {
        for (var at = 0; at + one.Length <= text.Length; at++)
        {
            var here = text.Slice(at, one.Length);
            if (here.SequenceEqual(one)) other.CopyTo(here);
            else if (here.SequenceEqual(other)) one.CopyTo(here);
        }
    }

    private static IEnumerable<byte[]> Wrong(byte[] entry)
    {
        yield return [];
        yield return entry;
        yield return [.. entry, 0];
        yield return new byte[1 << 20];
        yield return [.. entry.Take(2), 2, .. entry.Skip(3)];
        yield return [.. entry.Take(2), 255, .. entry.Skip(3)];
        for (var length = 1; length < entry.Length; length += 37) yield return entry[..length];
    }

    // The other replica has it neither in memory nor, any more, in Redis; what it fills stands in Redis again, whole.
    private static async Task IsFilledAsync(SharedRig rig, string name)
    {
        var reply = await rig.GetAsync(1, $"/item/{name}");
        Assert.Equal((200, $"/item/{name} 2", "MISS"), (reply.Status, reply.Text, reply.Cache));
    }

    /// <summary>What stands in Redis; it is written after the client has its answer.</summary>
    private static async Task<byte[]> StoredAsync(IDatabase redis, string name)
    {
        await Poll.UntilAsync(async () => await redis.KeyTypeAsync(Prefix + name) == RedisType.String, SharedRig.Limit, () => $"{name} was not stored");
        return (byte[])(await redis.StringGetAsync(Prefix + name))!;
    }
}
