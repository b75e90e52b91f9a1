using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using CacheProxy.Engine.Caching;
using CacheProxy.Engine.Caching.Explaining;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Storage;
using CacheProxy.Engine.Telemetry;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Tests.Management;

/// <summary>A log that remembers what was appended, redelivery included, and can be told to refuse.</summary>
internal sealed class TestLog : IInvalidationLog
{
    private readonly Epoch _epoch = new(1_700_000_000_000, "0123456789abcdef");
    private readonly ConcurrentDictionary<string, long> _ids = new();
    private long _sequence;

    public ConcurrentQueue<(Invalidation Invalidation, InvalidationSource Source, string? PurgeId)> Appended { get; } = new();

    public bool Refuses { get; set; }

    public Snapshot? Current => null;

    public LogStatus Status => new(true, new(_epoch, _sequence), 1, 0, TimeSpan.Zero, null);

    public ServingRight TakeRight(out Snapshot? snapshot)
    {
        snapshot = null;
        return ServingRight.None;
    }

    public Task<Receipt> AppendAsync(Invalidation invalidation, InvalidationSource source, string? purgeId, CancellationToken cancellationToken)
    {
        if (Refuses) throw new InvalidationNotRecordedException("Redis is away.") { RetryAfter = TimeSpan.FromSeconds(2) };
        Appended.Enqueue((invalidation, source, purgeId));
        var sequence = _ids.GetOrAdd(purgeId ?? Guid.NewGuid().ToString("N"), _ => Interlocked.Increment(ref _sequence));
        return Task.FromResult(new Receipt(new(_epoch, sequence), 1, 0, TimeSpan.FromMilliseconds(1.234)));
    }

    public Task AppendAfterChangeAsync(Invalidation invalidation, InvalidationSource source) => Task.CompletedTask;

    public void Subscribe(Action<Invalidation> applied)
    {
    }
}

/// <summary>Three entries, of which any pattern matches those with its literal prefix.</summary>
internal sealed class TestCatalog : IEntryCatalog
{
    public bool Complete { get; set; } = true;

    public ImmutableArray<EntryDescription> Entries { get; } =
    [
        Entry("model:metrics:a", """{"accuracy":0.95}"""u8.ToArray()),
        Entry("model:metrics:b", [0xff, 0xfe, 0x00]),
        Entry("model:comparison:c", """{}"""u8.ToArray()),
    ];

    public Task<EntryPage> ListAsync(string pattern, string? cursor, int limit, CancellationToken cancellationToken) =>
        Task.FromResult(new EntryPage([.. Entries.Where(entry => Matches(pattern, entry)).Take(limit)], cursor is null ? "next" : null));

    public Task<ImmutableArray<EntryDescription>> FindAsync(string primaryKey, CancellationToken cancellationToken) =>
        Task.FromResult(Entries.RemoveAll(entry => entry.Key != primaryKey));

    public Task<EntryCount> CountAsync(Invalidation invalidation, CancellationToken cancellationToken) =>
        Task.FromResult(new EntryCount(Count(invalidation), Complete, 0.25));

    public Task<EntryCount> RemoveAsync(Invalidation invalidation, CancellationToken cancellationToken) =>
        Task.FromResult(new EntryCount(Count(invalidation), Complete));

    private static bool Matches(string pattern, EntryDescription entry) => entry.Key.StartsWith(pattern.TrimEnd('*'), StringComparison.Ordinal);

    private int Count(Invalidation invalidation) => Entries.Count(entry =>
        invalidation.Everything || invalidation.Keys.Contains(entry.Key) || invalidation.Patterns.Any(pattern => Matches(pattern, entry)));

    private static EntryDescription Entry(string key, byte[] body) => new()
    {
        Key = key,
        Name = key,
        Policy = "model-metrics",
        Tier = "memory",
        Status = 200,
        Headers = new([new("Content-Type", "application/json")]),
        Body = body,
        Length = body.Length,
        Age = TimeSpan.FromSeconds(5),
        Ttl = TimeSpan.FromSeconds(-1.5),
        Tags = ["model:a"],
    };
}

internal sealed class TestStatistics : ICacheStatistics
{
    private long _hits;
    private long _misses;

    public long Hits => Interlocked.Read(ref _hits);

    public long Misses => Interlocked.Read(ref _misses);

    public long MemoryBytes => 1_572_864;

    public long MemoryEntries => 42;

    public void Add(int hits, int misses)
    {
        Interlocked.Add(ref _hits, hits);
        Interlocked.Add(ref _misses, misses);
    }
}

internal sealed class TestTargetNames : ITargetNames
{
    public Invalidation Of(HttpContext context) => new()
    {
        Keys = ["model:metrics:a"],
        Tags = [$"uri:{context.Request.Path}{context.Request.QueryString}"],
    };
}

/// <summary>Explains any request as a hit, says back what it was asked, and remembers one past decision.</summary>
internal sealed class TestExplainer : IExplainer
{
    public const string Trace = "0af7651916cd43dd8448eb211c80319c";

    public ExplainedRequest? Asked { get; private set; }

    public IEnumerable<PastDecision> Recent { get; } = [new(DateTimeOffset.UnixEpoch, Trace, "GET", "/x", "model-metrics", "miss", "uri-miss", "model:metrics:a", 200, 1.5)];

    public Task<Explanation> ExplainAsync(ExplainedRequest request, CancellationToken cancellationToken)
    {
        Asked = request;
        return Task.FromResult(new Explanation { Result = "hit", Policy = "model-metrics", Key = "model:metrics:a", Notes = ["A fresh response is in memory."] });
    }

    public PastDecision? Find(string traceId) => Recent.FirstOrDefault(decision => decision.TraceId == traceId);
}

internal static class TestEvents
{
    public static bool TryMap(string type, JsonElement data, out Invalidation? invalidation, out string? error)
    {
        (invalidation, error) = (null, null);
        if (type == "many") invalidation = new() { Tags = [.. Enumerable.Range(0, 5_000).Select(i => $"tag:{i}")] };
        else if (type != "model.updated") error = $"The event type '{type}' is not known. Known: model.updated.";
        else if (!data.TryGetProperty("model_run_id", out var id)) error = "'model_run_id' is missing.";
        else invalidation = new() { Tags = [$"model:{id.GetString()}"] };
        return error is null;
    }
}
