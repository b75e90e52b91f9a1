using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using Microsoft.AspNetCore.OutputCaching;

namespace CacheProxy.Engine.Tests.Caching;

/// <summary>A store whose reads take as long as the test likes: what a real one cannot be made to do at the right instant.</summary>
internal sealed class HeldStore : IOutputCacheBufferStore
{
    private readonly ConcurrentDictionary<string, byte[]> _stored = new();
    private int _reads;
    private int _readsToFail;

    public int Reads => Volatile.Read(ref _reads);

    public int Count => _stored.Count;

    public void ForgetReads() => Volatile.Write(ref _reads, 0);

    /// <summary>What comes between the moment at which a value is read and its arrival.</summary>
    public Task OnItsWay { get; set; } = Task.CompletedTask;

    /// <summary>Whether reads find nothing, whatever is stored.</summary>
    public bool HasNothing { get; set; }

    /// <summary>So many of the next reads end without an answer.</summary>
    public int ReadsToFail { set => Volatile.Write(ref _readsToFail, value); }

    public async ValueTask<bool> TryGetAsync(string key, PipeWriter destination, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _reads);
        if (Interlocked.Decrement(ref _readsToFail) >= 0) throw new TimeoutException("No reply");
        var found = HasNothing ? null : _stored.GetValueOrDefault(key);
        await OnItsWay;
        if (found is null) return false;
        await destination.WriteAsync(found, cancellationToken);
        return true;
    }

    public ValueTask SetAsync(string key, ReadOnlySequence<byte> value, ReadOnlyMemory<string> tags, TimeSpan validFor, CancellationToken cancellationToken)
    {
        _stored[key] = value.ToArray();
        return ValueTask.CompletedTask;
    }

    public ValueTask<byte[]?> GetAsync(string key, CancellationToken cancellationToken) => new(_stored.GetValueOrDefault(key));

    public ValueTask SetAsync(string key, byte[] value, string[]? tags, TimeSpan validFor, CancellationToken cancellationToken) =>
        SetAsync(key, new ReadOnlySequence<byte>(value), tags, validFor, cancellationToken);

    public ValueTask EvictByTagAsync(string tag, CancellationToken cancellationToken) => throw new NotSupportedException("Nothing is stored with tags.");
}
