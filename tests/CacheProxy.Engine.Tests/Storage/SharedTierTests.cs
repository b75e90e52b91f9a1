using System.Buffers;
using CacheProxy.Engine.Storage;
using CacheProxy.Engine.Telemetry;
using CacheProxy.Engine.Tests.Caching;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;

namespace CacheProxy.Engine.Tests.Storage;

public sealed class SharedTierTests
{
    /// <summary>The thread that brought the end of a body may be the one on which all sockets are read.</summary>
    [Theory]
    [InlineData(16 * 1_024, "application/json", false)]
    [InlineData(64 * 1_024, "application/json", true)]
    // It is copied, not compressed.
    [InlineData(64 * 1_024, "image/png", false)]
    public async Task Store_OfABodyThatTakesLongToCompress_IsEncodedElsewhere(int length, string type, bool elsewhere)
    {
        var store = new HeldStore();
        var metrics = new CacheMetrics(Metrics.WithCustomRegistry(Metrics.NewCustomRegistry()));
        using var breaker = new SharedTierBreaker(static _ => Task.CompletedTask, metrics, TimeProvider.System, NullLogger<SharedTierBreaker>.Instance);
        var tier = new SharedTier(store, breaker, new SharedTierOptions { Timeout = TimeSpan.FromSeconds(20) }, metrics, TimeProvider.System, NullLogger<SharedTier>.Instance);
        using var body = new WatchedBody(length);
        var response = Entries.Of("k", 0) with { Body = body.Memory, Headers = new([new("Content-Type", type)]) };
        var storing = Task.CompletedTask;

        // A thread of its own, as that of the sockets is: whatever is done on another one is done on the pool's.
        var sockets = new Thread(() => storing = tier.StoreAsync(response, SharedRecord.Empty));
        sockets.Start();
        sockets.Join();
        await storing;

        Assert.Equal(1, store.Count);
        Assert.NotEmpty(body.Readers);
        Assert.All(body.Readers, reader => Assert.Equal(elsewhere, reader != sockets));
    }

    /// <summary>A body that knows on which threads it was read.</summary>
    private sealed class WatchedBody(int length) : MemoryManager<byte>
    {
        private readonly byte[] _bytes = new byte[length];

        public HashSet<Thread> Readers { get; } = [];

        // The stock one reads the body for its length.
        public override Memory<byte> Memory => CreateMemory(_bytes.Length);

        public override Span<byte> GetSpan()
        {
            Readers.Add(Thread.CurrentThread);
            return _bytes;
        }

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException("Nobody pins a body.");

        public override void Unpin() => throw new NotSupportedException("Nobody pins a body.");

        protected override void Dispose(bool disposing)
        {
        }
    }
}
