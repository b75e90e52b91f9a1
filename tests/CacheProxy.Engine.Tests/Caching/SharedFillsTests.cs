using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Invalidation;

namespace CacheProxy.Engine.Tests.Caching;

/// <summary>A fill that waits for another replica's, whose word and whose entry come over two connections.</summary>
public sealed class SharedFillsTests
{
    [Fact]
    public async Task Look_WithoutAnAnswerAfterTheWordStored_IsRepeatedAndTheOriginIsNotAsked()
    {
        var store = new HeldStore();
        var others = new OthersLock();
        await using var host = await CacheHost.StartAsync(shared: store, replicas: others);
        var version = "v1";
        host.Origin.Answers = _ => OriginAnswer.Ok(version, "Cache-Control: max-age=60");
        await host.GetAsync();
        await Poll.UntilAsync(() => store.Count == 1);
        foreach (var entry in host.Memory.Entries) host.Memory.Remove(entry, "test");
        version = "v2";
        // From here on it is as if another replica had filled it: nothing is there until its word, and the first look after that has no reply.
        store.HasNothing = true;
        others.Holder = host.Log.Current!.Position;
        others.BeforeTheWord = () =>
        {
            store.HasNothing = false;
            store.ForgetReads();
            store.ReadsToFail = 1;
        };

        var answer = await host.GetAsync();

        Assert.Equal(("HIT", "v1"), (answer.Cache, answer.Body));
        Assert.Equal((1, 2), (host.Origin.Count, store.Reads));
    }

    /// <summary>The lock as another replica's fill leaves it to us: free, or held by that until its word, which is that it is stored.</summary>
    private sealed class OthersLock : IFillLock
    {
        public Position? Holder { get; set; }

        public Action BeforeTheWord { get; set; } = static () => { };

        public Task<FillLockAttempt> TryTakeAsync(string name, Position position) =>
            Task.FromResult(Holder is { } holder ? new FillLockAttempt(null, holder) : new FillLockAttempt(new Free(), null));

        public Task<FillLockNews> WaitAsync(string name, CancellationToken cancellationToken)
        {
            BeforeTheWord();
            return Task.FromResult(FillLockNews.Stored);
        }

        private sealed class Free : IHeldFillLock
        {
            public FillLockNews News { get; set; }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
