using System.Buffers;
using System.IO.Pipelines;
using CacheProxy.Engine.Invalidation;
using Microsoft.AspNetCore.OutputCaching;

namespace CacheProxy.Engine.Storage;

/// <summary>
/// The stock store, for code that uses its interface: evicting by tag is a purge like any other, recorded, and acknowledged when no
/// replica serves the old content any more. The store's own sets of tags are left alone, since nothing of ours is in them.
/// </summary>
/// <param name="store">What keeps the bytes; <see langword="null"/> without Redis, when nothing is kept through this interface.</param>
/// <param name="log">The log, asked for late: it is not there yet while the store is made.</param>
internal sealed class LoggedOutputCacheStore(IOutputCacheBufferStore? store, Func<IInvalidationLog> log) : IOutputCacheBufferStore
{
    public async ValueTask EvictByTagAsync(string tag, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(tag);
        await log().AppendAsync(new() { Tags = [tag] }, InvalidationSource.OutputCacheStore, null, cancellationToken);
    }

    public ValueTask<byte[]?> GetAsync(string key, CancellationToken cancellationToken) => store?.GetAsync(key, cancellationToken) ?? default;

    public ValueTask SetAsync(string key, byte[] value, string[]? tags, TimeSpan validFor, CancellationToken cancellationToken) =>
        store?.SetAsync(key, value, tags, validFor, cancellationToken) ?? default;

    public ValueTask<bool> TryGetAsync(string key, PipeWriter destination, CancellationToken cancellationToken) =>
        store?.TryGetAsync(key, destination, cancellationToken) ?? default;

    public ValueTask SetAsync(string key, ReadOnlySequence<byte> value, ReadOnlyMemory<string> tags, TimeSpan validFor, CancellationToken cancellationToken) =>
        store?.SetAsync(key, value, tags, validFor, cancellationToken) ?? default;
}
