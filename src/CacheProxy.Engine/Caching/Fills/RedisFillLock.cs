using System.Collections.Concurrent;
using System.Globalization;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Storage;
using StackExchange.Redis;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>
/// The fill lock in Redis: a key that lives <see cref="s_life"/> and is renewed while its holder's fill runs, so that a holder that dies
/// holds nobody up for longer; and a channel on which the holder says what came of it. A message that is lost costs those who wait one
/// poll.
/// </summary>
internal sealed class RedisFillLock(Func<IConnectionMultiplexer?> connection, string instanceName, SharedTierBreaker breaker, SharedTierOptions options, TimeProvider time) : IFillLock, IDisposable
{
    private static readonly TimeSpan s_life = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_renewal = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(250);

    // As many polls as make up a life: by then a holder that could not be asked about is given up.
    private const int MaxUnknown = 5;
    private const int MaxAttempts = 8;
    // What the client library makes of these two, a transaction, blocks the thread and the connection until Redis has answered its condition.
    private const string Release = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0";
    private const string Extend = "if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2]) end return 0";
    private const CommandFlags Whole = CommandFlags.DemandMaster | CommandFlags.NoScriptCache;
    private readonly ConcurrentDictionary<string, TaskCompletionSource<FillLockNews>> _waiting = new();
    private readonly RedisChannel _channel = RedisChannel.Literal(instanceName + "fills");
    private readonly FillLockRenewals _renewals = new(s_renewal);
    private readonly SharedTierBreaker _breaker = breaker;
    private readonly SharedTierOptions _options = options;
    private readonly TimeProvider _time = time;
    private Task? _subscribed;

    public async Task<FillLockAttempt> TryTakeAsync(string name, Position position)
    {
        if (_breaker.IsOpen || connection() is not { IsConnected: true } redis) return default;
        var database = redis.GetDatabase();
        RedisValue value = string.Create(CultureInfo.InvariantCulture, $"{position.Epoch.Number} {position.Epoch.Nonce} {position.Sequence} {Guid.NewGuid():N}");
        var inDoubt = false;
        for (var attempt = 0; attempt < MaxAttempts && !_breaker.IsOpen; attempt++)
        {
            try
            {
                inDoubt = true;
                var taken = await _options.BoundAsync(database.LockTakeAsync(KeyOf(name), value, s_life), _time);
                _breaker.Succeeded();
                if (taken) return Taken();
                inDoubt = false;
                await SubscribeAsync(redis);
                var holder = await _options.BoundAsync(database.LockQueryAsync(KeyOf(name)), _time);
                // By an attempt whose reply came late.
                if (holder == value) return Taken();
                // Released between the two: it is free again, and who takes it finds what was stored.
                if (!holder.IsNull) return new FillLockAttempt(null, Parse(holder));
            }
            catch (TimeoutException)
            {
                // One late reply is no news where many ask at once. Two in a row are: then the breaker opens.
                _breaker.Failed();
            }
            catch (RedisException)
            {
                return default;
            }
        }
        // What had no reply may have been done: then the others wait for us, and need our word. Where it was not, the word is true
        // nevertheless, and renewal and release do nothing to what is another's.
        return inDoubt ? Taken() : default;

        FillLockAttempt Taken() => new(new Held(this, database, name, value), null);
    }

    public async Task<FillLockNews> WaitAsync(string name, CancellationToken cancellationToken)
    {
        var news = _waiting.GetOrAdd(name, static _ => new TaskCompletionSource<FillLockNews>(TaskCreationOptions.RunContinuationsAsynchronously));
        try
        {
            using var timer = new PeriodicTimer(s_poll, _time);
            var unknown = 0;
            while (true)
            {
                var tick = timer.WaitForNextTickAsync(cancellationToken).AsTask();
                if (await Task.WhenAny(news.Task, tick) == news.Task) return await news.Task;
                await tick;
                if (_breaker.IsOpen || connection() is not { IsConnected: true } redis) return FillLockNews.Unknown;
                switch (await LivesAsync(redis, name, cancellationToken))
                {
                    case true:
                        unknown = 0;
                        break;
                    case false:
                        return FillLockNews.Lapsed;
                    // A late reply is no news, and where many wait all replies are late: asked questions count, not time that has passed.
                    case null when ++unknown == MaxUnknown:
                        return FillLockNews.Unknown;
                }
            }
        }
        finally
        {
            _waiting.TryRemove(new(name, news));
        }
    }

    public void Dispose() => _renewals.Dispose();

    private async Task<bool?> LivesAsync(IConnectionMultiplexer redis, string name, CancellationToken cancellationToken)
    {
        try
        {
            return !(await _options.BoundAsync(redis.GetDatabase().LockQueryAsync(KeyOf(name)), _time, cancellationToken)).IsNull;
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            return null;
        }
    }

    private RedisKey KeyOf(string name) => $"{instanceName}fill:{name}";

    // The client library subscribes again by itself; a first attempt that failed is made again by the next one who waits.
    private Task SubscribeAsync(IConnectionMultiplexer redis)
    {
        var subscribed = _subscribed;
        if (subscribed is null or { IsFaulted: true } or { IsCanceled: true })
            _subscribed = subscribed = redis.GetSubscriber().SubscribeAsync(_channel, (_, message) => Hear(message));
        return _options.BoundAsync(subscribed, _time);
    }

    private void Hear(RedisValue message)
    {
        var text = (string?)message ?? "";
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        if (space < 0 || !_waiting.TryRemove(text[..space], out var waiting)) return;
        waiting.TrySetResult(text[(space + 1)..] == "stored" ? FillLockNews.Stored : FillLockNews.NotStored);
    }

    private static Position? Parse(RedisValue value) =>
        ((string?)value)?.Split(' ') is [var number, var nonce, var sequence, _]
        && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var n)
        && long.TryParse(sequence, NumberStyles.None, CultureInfo.InvariantCulture, out var seq)
            ? new Position(new Epoch(n, nonce), seq)
            : null;

    private sealed class Held : IHeldFillLock
    {
        private readonly RedisFillLock _owner;
        private readonly IDatabase _database;
        private readonly string _name;
        private readonly RedisValue _value;

        public Held(RedisFillLock owner, IDatabase database, string name, RedisValue value)
        {
            (_owner, _database, _name, _value) = (owner, database, name, value);
            owner._renewals.Add(this, Renew);
        }

        public FillLockNews News { get; set; }

        public async ValueTask DisposeAsync()
        {
            _owner._renewals.Remove(this);
            try
            {
                // First the word, then the lock: who sees the lock gone finds what was stored.
                if (News is FillLockNews.Stored or FillLockNews.NotStored)
                    await _database.PublishAsync(_owner._channel, $"{_name} {(News == FillLockNews.Stored ? "stored" : "not-stored")}", CommandFlags.FireAndForget);
                // Redis does not answer: it lapses by itself.
                if (_owner._breaker.IsOpen) return;
                await _owner._options.BoundAsync(_database.ScriptEvaluateAsync(Release, [_owner.KeyOf(_name)], [_value], Whole), _owner._time);
            }
            catch (Exception exception) when (exception is RedisException or TimeoutException)
            {
                // It lapses by itself.
            }
        }

        private void Renew() => _database.ScriptEvaluateAsync(
            Extend, [_owner.KeyOf(_name)], [_value, (long)s_life.TotalMilliseconds], Whole | CommandFlags.FireAndForget);
    }
}
