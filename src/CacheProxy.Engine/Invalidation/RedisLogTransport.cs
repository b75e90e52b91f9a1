using CacheProxy.Engine.Redis;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace CacheProxy.Engine.Invalidation;

/// <summary>The log's steps as scripts on Redis, over a multiplexer of its own (INVALIDATION 2 and 5).</summary>
internal sealed class RedisLogTransport : ILogTransport
{
    private const int RecordsPerReply = 1_000;
    private const int SecondsToRememberIds = 3_600;
    private readonly RedisConnections _connections;
    private readonly ConsistencyOptions _options;
    private readonly LogNames _names;
    private readonly LogChannels _channels;
    private readonly LogRights _rights;
    private readonly StandbyWriter _standbys;
    private volatile IConnectionMultiplexer? _connection;

    public RedisLogTransport(RedisConnections connections, ConsistencyOptions options, ILogger logger)
    {
        (_connections, _options) = (connections, options);
        _names = new(connections.Options.InstanceName);
        _channels = new(_names, logger);
        _rights = new(_names, connections.Options.InstanceName);
        _standbys = new(_names, options.Standbys ?? 0, connections.Options.Timeout);
    }

    public ILogMessages Messages
    {
        set => _channels.Messages = value;
    }

    public bool IsListening => _channels.IsListening;

    public HeartbeatReply Heartbeat(HeartbeatRequest request) => Guard(() =>
    {
        var connection = Connect();
        _rights.Require(connection);
        _channels.Listen(connection);
        RedisValue[] values =
        [
            .. Life(request.Applied?.Epoch, request.Force, request.Mode), request.Replica, request.Applied?.Sequence ?? -1, request.AppliedId,
            RecordsPerReply, (long)request.Registered.TotalMilliseconds,
        ];
        return LogReplies.Heartbeat(Evaluate(connection, LogScripts.Heartbeat, _names.Log, values), RequireStandbys);
    });

    public AppendReply Append(AppendRequest request) => Guard(() =>
        LogReplies.Append(Evaluate(Connected(), LogScripts.Append, _names.LogAnd(request.Id), Values(request))));

    public Task<AppendReply> AppendAsync(AppendRequest request) => GuardAsync(async () =>
    {
        var connection = Connected();
        var reply = _standbys.Count > 0
            ? await _standbys.EvaluateAsync(connection, LogScripts.Append, _names.LogAnd(request.Id), Values(request))
            : await LogScripts.Append.EvaluateAsync(connection.GetDatabase(), _names.LogAnd(request.Id), Values(request));
        return LogReplies.Append(reply);
    });

    public Task AcknowledgeAsync(Position applied, string replica) => CallAsync(
        LogScripts.Acknowledge, _names.Control, [applied.Epoch.Number, applied.Epoch.Nonce, replica, applied.Sequence, _names.AcknowledgementChannel]);

    public async Task<ReplicaRegistry?> PollAsync(Epoch epoch) =>
        LogReplies.Registry(await CallAsync(LogScripts.Poll, _names.Control, [epoch.Number, epoch.Nonce]));

    public Task StrikeOffAsync(Epoch epoch, string replica, string registration) =>
        CallAsync(LogScripts.Strike, _names.Control, [epoch.Number, epoch.Nonce, replica, registration]);

    public Task TrimAsync(Epoch epoch, TrimBounds bounds) =>
        CallAsync(LogScripts.Trim, _names.Log, [epoch.Number, epoch.Nonce, bounds.Records, bounds.Bytes, bounds.OldestTime]);

    public Task SetModeAsync(string? settings, TimeSpan? lifetime) =>
        CallAsync(LogScripts.Mode, _names.ModeKeys, [settings ?? "", Milliseconds(lifetime), _names.RecordChannel]);

    public void ListenAgain() => _channels.ListenAgain();

    public void FindMaster()
    {
        // Its outcome shows with the next heartbeat.
        if (_connection is { } connection) _ = connection.ConfigureAsync().ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);
    }

    public void Leave(Epoch epoch, string replica) => Guard(() =>
    {
        LogScripts.Strike.Evaluate(Connected().GetDatabase(), _names.Control, [epoch.Number, epoch.Nonce, replica, ""]);
        return true;
    });

    private RedisValue[] Values(AppendRequest request) =>
        [.. Life(request.Known, force: false, request.Mode), request.Id, request.Json, _names.RecordChannel, SecondsToRememberIds];

    private static RedisValue[] Life(Epoch? known, bool force, ModeSetting? mode) =>
        [known?.Number ?? 0, known?.Nonce ?? "", LogReplies.FreshNonce(), force ? "1" : "", mode?.Text ?? "", Milliseconds(mode?.Lifetime)];

    private static long Milliseconds(TimeSpan? lifetime) => lifetime is { } left ? Math.Max(1, (long)left.TotalMilliseconds) : 0;

    private RedisResult Evaluate(IConnectionMultiplexer connection, RedisScript script, RedisKey[] keys, RedisValue[] values) =>
        _standbys.Count > 0 ? _standbys.Evaluate(connection, script, keys, values) : script.Evaluate(connection.GetDatabase(), keys, values);

    /// <summary>Whether the server's standbys may be promoted is a promise to give, not to guess.</summary>
    private void RequireStandbys(int connected, string kind)
    {
        if (_options.Standbys is not null) return;
        var what = _connections.Options.ConnectionString!.IsSentinel ? "is reached through Sentinel" : kind == "cluster" ? "is a cluster" : connected > 0 ? $"has {connected} standby(s)" : null;
        if (what is not null)
            throw new LogTransportException(LogFailure.Standbys, $"Redis {what}, so there is no lease until it is said how many standbys may be promoted: set Consistency:Standbys (0 if none ever is).");
    }

    private IConnectionMultiplexer Connect()
    {
        if (_connection is { } known) return known;
        var connection = _connections.ConnectLog();
        // A lease that lapsed with the connection is wanted back with it.
        connection.ConnectionRestored += (_, _) => _channels.Messages?.OnReconnected();
        return _connection = connection;
    }

    private IConnectionMultiplexer Connected() =>
        _connection ?? throw new LogTransportException(LogFailure.Unreachable, $"There is no connection to Redis ({_connections.Options.ConnectionString}) yet.");

    private Task<RedisResult> CallAsync(RedisScript script, RedisKey[] keys, RedisValue[] values) =>
        GuardAsync(() => script.EvaluateAsync(Connected().GetDatabase(), keys, values));

    private T Guard<T>(Func<T> step)
    {
        try
        {
            return step();
        }
        catch (Exception exception) when (RedisFailures.Translate(exception, _connections.Options) is { } translated)
        {
            if (translated.Failure == LogFailure.NoRights) _rights.Doubt();
            throw translated;
        }
    }

    private async Task<T> GuardAsync<T>(Func<Task<T>> step)
    {
        try
        {
            // The client library looks at its own time-outs only a few times a second. With standbys each step takes two.
            var timeout = _connections.Options.Timeout * (_standbys.Count > 0 ? 3 : 1);
            return await step().WithinAsync(timeout, TimeProvider.System);
        }
        catch (Exception exception) when (RedisFailures.Translate(exception, _connections.Options) is { } translated)
        {
            if (translated.Failure == LogFailure.NoRights) _rights.Doubt();
            throw translated;
        }
    }
}
