using Processes;
using StackExchange.Redis;

namespace EndToEnd;

/// <summary>The fixture itself: a fault that it plants must be one.</summary>
public sealed class RedisServerTests
{
    [RedisFact]
    public async Task Suspend_RunningServer_HangsUntilResumed()
    {
        await using var server = await RedisServer.StartAsync();
        await using var redis = await ConnectionMultiplexer.ConnectAsync($"{server.Address},asyncTimeout=300");
        await redis.GetDatabase().StringSetAsync("k", "v");

        server.Suspend();
        await Assert.ThrowsAsync<RedisTimeoutException>(() => redis.GetDatabase().StringGetAsync("k"));
        server.Resume();

        await Poll.UntilAsync(async () =>
        {
            try
            {
                return await redis.GetDatabase().StringGetAsync("k") == "v";
            }
            catch (Exception e) when (e is RedisTimeoutException or RedisConnectionException)
            {
                return false;
            }
        }, TimeSpan.FromSeconds(10), () => "Redis did not come back");
    }

    [RedisFact]
    public async Task KillAsync_ThenStartOnTheSamePort_ComesBackEmpty()
    {
        var first = await RedisServer.StartAsync();
        await using (var redis = await ConnectionMultiplexer.ConnectAsync(first.Address))
            await redis.GetDatabase().StringSetAsync("k", "v");
        await first.KillAsync();
        Assert.True(first.HasExited);
        await first.DisposeAsync();

        await using var second = await RedisServer.StartAsync(first.Port);
        await using var again = await ConnectionMultiplexer.ConnectAsync(second.Address);
        Assert.True((await again.GetDatabase().StringGetAsync("k")).IsNull);
    }
}
