using StackExchange.Redis;

namespace CacheProxy.Engine.Redis;

/// <summary>
/// The connections to Redis: one multiplexer for the shared tier, one of its own for the log of purges, so that large values cannot hold up
/// a heartbeat. Neither needs a server to be there: both connect when there is one, and again whenever there is one again.
/// </summary>
public sealed class RedisConnections : IAsyncDisposable, IDisposable
{
    private static readonly TimeSpan s_longestConnect = TimeSpan.FromSeconds(1);
    private readonly Lazy<Task<IConnectionMultiplexer>> _shared;
    private readonly Lock _gate = new();
    private IConnectionMultiplexer? _log;
    private bool _disposed;

    // Before the first connection of the process: a starved thread pool must not cost the lease (INVALIDATION 2).
    static RedisConnections() => ConnectionMultiplexer.SetFeatureFlag("DedicatedThreads", true);

    /// <summary>Connects when first asked to.</summary>
    /// <param name="options">With a connection string.</param>
    public RedisConnections(RedisOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(options.ConnectionString, nameof(options));
        Options = options;
        _shared = new(async () => await ConnectionMultiplexer.ConnectAsync(Configure("shared")));
    }

    /// <summary>What they were made from.</summary>
    public RedisOptions Options { get; }

    /// <summary>The shared tier's. It completes without a server too, after at most 1 s.</summary>
    public Task<IConnectionMultiplexer> GetSharedAsync() => _shared.Value;

    /// <summary>The shared tier's; <see langword="null"/> until <see cref="GetSharedAsync"/> has completed. Never waits.</summary>
    public IConnectionMultiplexer? Shared => GetSharedAsync() is { IsCompletedSuccessfully: true } connected ? connected.Result : null;

    /// <summary>The log's; the call blocks for at most about 1 s the first time, and belongs on a thread of the log's own.</summary>
    internal IConnectionMultiplexer ConnectLog()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _log ??= ConnectionMultiplexer.Connect(Configure("log"));
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        IConnectionMultiplexer? log;
        lock (_gate)
        {
            if (_disposed) return;
            (_disposed, log) = (true, _log);
        }

        if (log is not null) await log.DisposeAsync();
        if (_shared.IsValueCreated) await (await _shared.Value).DisposeAsync();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        IConnectionMultiplexer? log;
        lock (_gate)
        {
            if (_disposed) return;
            (_disposed, log) = (true, _log);
        }

        log?.Dispose();
        if (_shared is { IsValueCreated: true, Value: { IsCompletedSuccessfully: true } shared }) shared.Result.Dispose();
    }

    private ConfigurationOptions Configure(string purpose)
    {
        var options = Options.ConnectionString!.ToConfiguration();
        var timeout = (int)Options.Timeout.TotalMilliseconds;
        options.AbortOnConnectFail = false;
        options.AllowAdmin = Options.AllowAdmin;
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.SyncTimeout = timeout;
        // Calls are bounded where they are made (BoundedCall); this ends what nobody waits for any more.
        options.AsyncTimeout = timeout * (1 + BoundedCall.Again);
        options.ConnectTimeout = (int)Math.Max(s_longestConnect.TotalMilliseconds, timeout);
        options.ReconnectRetryPolicy = new LinearRetry(200);
        // Asynchronous time-outs are looked at only with each beat, and a connection that is dead is noticed only then.
        options.HeartbeatInterval = TimeSpan.FromMilliseconds(250);
        options.ConfigCheckSeconds = 10;
        // Names of keys tell what clients asked for.
        options.IncludeDetailInExceptions = false;
        options.IncludePerformanceCountersInExceptions = false;
        options.ClientName = $"cacheproxy-{purpose}";
        if (Options.CaPath is { } issuer) options.TrustIssuer(issuer);
        if (Options is { CertificatePath: { } certificate, KeyPath: { } key }) options.SetUserPemCertificate(certificate, key);
        return options;
    }
}
