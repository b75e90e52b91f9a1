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
public sealed class FillLockTests : IAsyncLifetime
{
    private static readonly Position s_position = new(new Epoch(1, "e"), 7);
    private static readonly SharedTierOptions s_patient = new() { Timeout = TimeSpan.FromSeconds(5) };

    private readonly SharedTierBreaker _breaker = Breaker();
    private RedisServer _server = null!;
    private ConnectionMultiplexer _redis = null!;

    public async Task InitializeAsync()
    {
        _server = await RedisServer.StartAsync();
        _redis = await ConnectionMultiplexer.ConnectAsync(_server.Address);
    }

    public async Task DisposeAsync()
    {
        await _redis.DisposeAsync();
        await _server.DisposeAsync();
        _breaker.Dispose();
    }

    [Fact]
    public async Task Lock_ThatIsReleasedBetweenTheAttemptAndTheQuestion_IsTaken()
    {
        using var first = new RedisFillLock(() => _redis, "t:", _breaker, s_patient, TimeProvider.System);
        var held = (await first.TryTakeAsync("key", s_position)).Held!;
        var database = Around(_redis.GetDatabase(), async () => await held.DisposeAsync());
        var meddled = Around<IConnectionMultiplexer>(_redis, null, () => database);
        using var second = new RedisFillLock(() => meddled, "t:", _breaker, s_patient, TimeProvider.System);

        var attempt = await second.TryTakeAsync("key", s_position);

        Assert.NotNull(attempt.Held);
        await attempt.Held.DisposeAsync();
    }

    [Fact]
    public async Task Lock_ThatIsHeld_SaysSinceWhen()
    {
        using var owner = new RedisFillLock(() => _redis, "t:", _breaker, s_patient, TimeProvider.System);
        await using var held = (await owner.TryTakeAsync("key", s_position)).Held!;

        Assert.Equal(new FillLockAttempt(null, s_position), await owner.TryTakeAsync("key", s_position));
    }

    [Fact]
    public async Task Lock_WhoseReplyWasLate_IsHeld()
    {
        using var mine = LockOver(_redis, _breaker, lateReplies: 1);
        using var others = new RedisFillLock(() => _redis, "t:", _breaker, s_patient, TimeProvider.System);

        var attempt = await mine.TryTakeAsync("key", s_position);

        Assert.NotNull(attempt.Held);
        Assert.Equal(s_position, (await others.TryTakeAsync("key", s_position)).Holder);
        Assert.False(_breaker.IsOpen);
        await attempt.Held.DisposeAsync();
        Assert.False(await _redis.GetDatabase().KeyExistsAsync("t:fill:key"));
    }

    [Fact]
    public async Task Lock_OfAnother_WhereTheFirstReplyWasLate_IsWaitedFor()
    {
        using var others = new RedisFillLock(() => _redis, "t:", _breaker, s_patient, TimeProvider.System);
        await using var held = (await others.TryTakeAsync("key", s_position)).Held!;
        using var mine = LockOver(_redis, _breaker, lateReplies: 1);

        Assert.Equal(new FillLockAttempt(null, s_position), await mine.TryTakeAsync("key", s_position));
    }

    [Fact]
    public async Task Lock_WithoutReplies_IsAskedForTwice_AndItsWordStillGoesToTheOthers()
    {
        using var breaker = Breaker(answers: false);
        using var mine = LockOver(_redis, breaker, lateReplies: int.MaxValue);
        using var others = new RedisFillLock(() => _redis, "t:", _breaker, s_patient, TimeProvider.System);

        var attempt = await mine.TryTakeAsync("key", s_position);

        Assert.True(breaker.IsOpen);
        Assert.Equal(s_position, (await others.TryTakeAsync("key", s_position)).Holder);
        var news = others.WaitAsync("key", CancellationToken.None);
        attempt.Held!.News = FillLockNews.Stored;
        await attempt.Held.DisposeAsync();
        Assert.Equal(FillLockNews.Stored, await news);
    }

    private static RedisFillLock LockOver(ConnectionMultiplexer redis, SharedTierBreaker breaker, int lateReplies)
    {
        var database = Around(redis.GetDatabase(), null, null, lateReplies);
        var meddled = Around<IConnectionMultiplexer>(redis, null, () => database);
        return new RedisFillLock(() => meddled, "t:", breaker, s_patient, TimeProvider.System);
    }

    private static SharedTierBreaker Breaker(bool answers = true) => new(
        _ => answers ? Task.CompletedTask : Task.FromException(new TimeoutException()), new CacheMetrics(Metrics.WithCustomRegistry(Metrics.NewCustomRegistry())), TimeProvider.System, NullLogger<SharedTierBreaker>.Instance);

    private static T Around<T>(T target, Func<Task>? before, Func<object>? inside = null, int lateReplies = 0)
        where T : class
    {
        var proxy = DispatchProxy.Create<T, Meddler>();
        var meddler = (Meddler)(object)proxy;
        (meddler.Target, meddler.Before, meddler.Inside, meddler.LateReplies) = (target, before, inside, lateReplies);
        return proxy;
    }

    /// <summary>Passes every call on; before the question who holds a lock something else may happen, and attempts to take one have their replies late.</summary>
    public class Meddler : DispatchProxy
    {
        public object Target { get; set; } = null!;

        public Func<Task>? Before { get; set; }

        public Func<object>? Inside { get; set; }

        public int LateReplies { get; set; }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod!.Name switch
        {
            nameof(IConnectionMultiplexer.GetDatabase) when Inside is { } inside => inside(),
            nameof(IDatabase.LockQueryAsync) when Before is { } before => AfterAsync(before, targetMethod, args),
            nameof(IDatabase.LockTakeAsync) when LateReplies-- > 0 => LateAsync(targetMethod, args),
            _ => targetMethod.Invoke(Target, args),
        };

        private async Task<bool> LateAsync(MethodInfo attempt, object?[]? args)
        {
            await (Task<bool>)attempt.Invoke(Target, args)!;
            throw new TimeoutException("The reply came late");
        }

        private async Task<RedisValue> AfterAsync(Func<Task> before, MethodInfo question, object?[]? args)
        {
            await before();
            return await (Task<RedisValue>)question.Invoke(Target, args)!;
        }
    }
}
