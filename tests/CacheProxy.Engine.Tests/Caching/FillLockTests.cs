using System.Reflection;
using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Storage;
using CacheProxy.Engine.Telemetry;
using CacheProxy.Engine.Tests.Redis;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;
using StackExchange.Redis;

namespace CacheProxy.Engine.Tests.Caching;

/// <summary>One fill per key over all replicas, on a real Redis.</summary>
public sealed class FillLockTests
{
    private static readonly Position s_position = new(new Epoch(1, "e"), 7);

    [Fact]
    public async Task Lock_ThatIsReleasedBetweenTheAttemptAndTheQuestion_IsTaken()
    {
        await using var server = await RedisServer.StartAsync();
        await using var redis = await ConnectionMultiplexer.ConnectAsync(server.Address);
        using var breaker = Breaker();
        using var first = new RedisFillLock(() => redis, "t:", breaker, new SharedTierOptions { Timeout = TimeSpan.FromSeconds(5) }, TimeProvider.System);
        var held = (await first.TryTakeAsync("key", s_position)).Held!;
        var database = Around(redis.GetDatabase(), async () => await held.DisposeAsync());
        var meddled = Around<IConnectionMultiplexer>(redis, null, () => database);
        using var second = new RedisFillLock(() => meddled, "t:", breaker, new SharedTierOptions { Timeout = TimeSpan.FromSeconds(5) }, TimeProvider.System);

        var attempt = await second.TryTakeAsync("key", s_position);

        Assert.NotNull(attempt.Held);
        await attempt.Held.DisposeAsync();
    }

    [Fact]
    public async Task Lock_ThatIsHeld_SaysSinceWhen()
    {
        await using var server = await RedisServer.StartAsync();
        await using var redis = await ConnectionMultiplexer.ConnectAsync(server.Address);
        using var breaker = Breaker();
        using var owner = new RedisFillLock(() => redis, "t:", breaker, new SharedTierOptions { Timeout = TimeSpan.FromSeconds(5) }, TimeProvider.System);
        await using var held = (await owner.TryTakeAsync("key", s_position)).Held!;

        Assert.Equal(new FillLockAttempt(null, s_position), await owner.TryTakeAsync("key", s_position));
    }

    private static SharedTierBreaker Breaker() => new(
        static _ => Task.CompletedTask, new CacheMetrics(Metrics.WithCustomRegistry(Metrics.NewCustomRegistry())), TimeProvider.System, NullLogger<SharedTierBreaker>.Instance);

    private static T Around<T>(T target, Func<Task>? before, Func<object>? inside = null)
        where T : class
    {
        var proxy = DispatchProxy.Create<T, Meddler>();
        var meddler = (Meddler)(object)proxy;
        (meddler.Target, meddler.Before, meddler.Inside) = (target, before, inside);
        return proxy;
    }

    /// <summary>Passes every call on; before the question who holds a lock, something else happens.</summary>
    public class Meddler : DispatchProxy
    {
        public object Target { get; set; } = null!;

        public Func<Task>? Before { get; set; }

        public Func<object>? Inside { get; set; }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod!.Name switch
        {
            nameof(IConnectionMultiplexer.GetDatabase) when Inside is { } inside => inside(),
            nameof(IDatabase.LockQueryAsync) when Before is { } before => AfterAsync(before, targetMethod, args),
            _ => targetMethod.Invoke(Target, args),
        };

        private async Task<RedisValue> AfterAsync(Func<Task> before, MethodInfo question, object?[]? args)
        {
            await before();
            return await (Task<RedisValue>)question.Invoke(Target, args)!;
        }
    }
}
