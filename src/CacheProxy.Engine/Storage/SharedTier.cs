using System.Buffers;
using System.Collections.Immutable;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Redis;
using CacheProxy.Engine.Telemetry;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.Logging;

namespace CacheProxy.Engine.Storage;

/// <summary>
/// The second place to look: the stock Redis store behind a time-out and a circuit breaker. Whatever goes wrong here is a miss and a
/// counter, never an error for a client (DESIGN 5).
/// </summary>
public sealed class SharedTier
{
    // More than clocks that are kept differ by.
    private static readonly TimeSpan s_skew = TimeSpan.FromSeconds(1);
    private static readonly SharedRecord s_unanswered = new([], null);
    private readonly IOutputCacheBufferStore _store;
    private readonly SharedTierBreaker _breaker;
    private readonly SharedTierOptions _options;
    private readonly CacheMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<SharedTier> _logger;

    /// <summary>Creates the tier over a store.</summary>
    public SharedTier(IOutputCacheBufferStore store, SharedTierBreaker breaker, SharedTierOptions options, CacheMetrics metrics, TimeProvider time, ILogger<SharedTier> logger)
    {
        _store = store;
        _breaker = breaker;
        _options = options;
        _metrics = metrics;
        _time = time;
        _logger = logger;
    }

    /// <summary>Whether it is worth a question: not while the breaker is open.</summary>
    internal bool IsAvailable => !_breaker.IsOpen;

    /// <summary>The record under a key's own name, and of the responses behind it those whose selecting fields match.</summary>
    internal async Task<SharedLookup> FindAsync(SharedQuery query)
    {
        var record = await ReadAsync(query.Name);
        if (record is null) return SharedLookup.Nothing;
        if (ReferenceEquals(record, s_unanswered)) return SharedLookup.Unanswered;
        var found = ImmutableArray.CreateBuilder<StoredResponse>(2);
        if (Answers(record.Response, query)) found.Add(record.Response!);
        foreach (var names in record.SelectingNames)
        {
            ImmutableArray<SelectingField> fields = [.. names.Select(name => new SelectingField(name, query.ValueOf(name)))];
            if (fields.All(static field => field.Value is null)) continue;
            var variant = await ReadAsync(VariantName.Of(query.Name, fields));
            if (ReferenceEquals(variant, s_unanswered)) return SharedLookup.Unanswered;
            if (Answers(variant?.Response, query)) found.Add(variant!.Response!);
        }
        return new SharedLookup(record, found.DrainToImmutable());
    }

    /// <summary>Stores a response for all replicas, beside what a lookup has found under its key.</summary>
    internal async Task StoreAsync(StoredResponse response, SharedRecord known)
    {
        var useful = response.Usefulness;
        ImmutableArray<string> names = [.. response.Selecting.Select(static selecting => selecting.Name)];
        var record = known.Add(names);
        if (response.Selecting.All(static selecting => selecting.Value is null))
        {
            await WriteAsync(response.Name, record with { Response = response }, useful);
            return;
        }
        await WriteAsync(VariantName.Of(response.Name, response.Selecting), new SharedRecord([], response), useful);
        if (!known.Knows(names)) await WriteAsync(response.Name, record, useful);
    }

    /// <summary>Takes a response away, but not what was found beside it under its key.</summary>
    internal Task ForgetAsync(StoredResponse response, SharedRecord known) =>
        response.Selecting.All(static selecting => selecting.Value is null)
            ? WriteAsync(response.Name, known with { Response = null }, response.Usefulness)
            : WriteAsync(VariantName.Of(response.Name, response.Selecting), SharedRecord.Empty, response.Usefulness);

    // What comes from the future (a clock was set back, or is behind the writer's) would be new again at each look, and never grow stale.
    private bool Answers(StoredResponse? response, SharedQuery query)
    {
        if (response is null || response.ResponseTime - _time.GetUtcNow() > s_skew || response.Identity != query.Identity || response.Fingerprint != query.Fingerprint) return false;
        foreach (var (name, value) in response.Selecting)
            if (!string.Equals(query.ValueOf(name), value, StringComparison.Ordinal)) return false;
        return true;
    }

    private async Task<SharedRecord?> ReadAsync(string name)
    {
        if (_breaker.IsOpen) return null;
        var started = _time.GetTimestamp();
        var arriving = new ArrivingEntry();
        try
        {
            // The store ignores cancellation once a command is sent, so the wait is bounded from outside.
            if (!await _options.BoundAsync(_store.TryGetAsync(name, arriving, default).AsTask(), _time))
            {
                Observe("get", "miss", started);
                _breaker.Succeeded();
                return null;
            }
            var record = EntryFormat.Decode(arriving.Bytes);
            Observe("get", record is null ? "unreadable" : "hit", started);
            _breaker.Succeeded();
            return record;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            Failed("get", exception, started);
            return s_unanswered;
        }
    }

    private async Task WriteAsync(string name, SharedRecord record, TimeSpan useful)
    {
        // The store takes no time of nothing.
        if (_breaker.IsOpen || useful <= TimeSpan.Zero) return;
        if (record.Response is { MayCompress: true, Body: var body }) await LongStep.Over(body.Length);
        var started = _time.GetTimestamp();
        try
        {
            var bytes = new ReadOnlySequence<byte>(EntryFormat.Encode(record));
            await _options.BoundAsync(_store.SetAsync(name, bytes, default, useful, default).AsTask(), _time);
            Observe("set", "ok", started);
            _breaker.Succeeded();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            Failed("set", exception, started);
        }
    }

    private void Failed(string operation, Exception exception, long started)
    {
        Observe(operation, exception is TimeoutException ? "timeout" : "error", started);
        Log.SharedTierFailed(_logger, operation, exception.GetType().Name);
        // What a command said about one key (WRONGTYPE, OOM) is no reason to leave the whole tier alone.
        if (exception is StackExchange.Redis.RedisServerException server && IsAboutOneCommand(server)) _breaker.Succeeded();
        else _breaker.Failed();
    }

    private static bool IsAboutOneCommand(StackExchange.Redis.RedisServerException exception) =>
        exception.Message.StartsWith("WRONGTYPE", StringComparison.Ordinal) || exception.Message.StartsWith("OOM", StringComparison.Ordinal);

    private void Observe(string operation, string outcome, long started) =>
        _metrics.SharedDuration.Of(operation, outcome).Observe(_time.GetElapsedTime(started).TotalSeconds);
}

/// <summary>What is looked for in the shared tier.</summary>
/// <param name="Name">The key's own name.</param>
/// <param name="Identity">What a response must be an answer to.</param>
/// <param name="Fingerprint">Of the policy, which must be the one that stored it.</param>
/// <param name="ValueOf">What the request says in a field, in normal form; <see langword="null"/> when it says nothing.</param>
internal sealed record SharedQuery(string Name, Hash256 Identity, ulong Fingerprint, Func<string, string?> ValueOf);

/// <summary>What the shared tier had for a request.</summary>
/// <param name="Record">What stands under the key's own name; needed again to store beside it.</param>
/// <param name="Responses">The responses that the request selects.</param>
internal sealed record SharedLookup(SharedRecord Record, ImmutableArray<StoredResponse> Responses)
{
    public static SharedLookup Nothing { get; } = new(SharedRecord.Empty, []);

    /// <summary>Nothing, because a read had no answer: another one may find something.</summary>
    public static SharedLookup Unanswered { get; } = new(SharedRecord.Empty, []);

    public bool IsUnanswered => ReferenceEquals(this, Unanswered);

    /// <summary>Of the responses that are valid the youngest (RFC 9111 §4.1).</summary>
    public MemoryEntry? YoungestValid(Snapshot snapshot, TimeProvider time)
    {
        MemoryEntry? youngest = null;
        foreach (var response in Responses)
        {
            if (youngest is not null && response.ResponseTime <= youngest.Response.ResponseTime) continue;
            var entry = new MemoryEntry(response, time);
            if (entry.Check(snapshot) != Verdict.Invalid) youngest = entry;
        }
        return youngest;
    }
}

/// <summary>The shared tier's bounds.</summary>
public sealed record SharedTierOptions
{
    /// <summary><c>Redis:Timeout</c>: the longest that one call may hold a request up. Default 100 ms.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>A call within its bound.</summary>
    internal Task<T> BoundAsync<T>(Task<T> call, TimeProvider time, CancellationToken cancellationToken = default) => call.WithinAsync(Timeout, time, cancellationToken);

    /// <inheritdoc cref="BoundAsync{T}"/>
    internal Task BoundAsync(Task call, TimeProvider time, CancellationToken cancellationToken = default) => call.WithinAsync(Timeout, time, cancellationToken);
}

internal static partial class Log
{
    [LoggerMessage(2001, LogLevel.Debug, "Shared tier: {Operation} failed with {Failure}; the request goes on without it")]
    public static partial void SharedTierFailed(ILogger logger, string operation, string failure);
}
