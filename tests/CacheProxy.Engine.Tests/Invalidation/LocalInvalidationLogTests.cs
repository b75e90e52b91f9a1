using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Prometheus;

namespace CacheProxy.Engine.Tests.Invalidation;

public sealed class LocalInvalidationLogTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));

    [Fact]
    public async Task AppendAsync_Returned_EarlierStampsAreInvalid()
    {
        var log = Create();
        Assert.Equal(ServingRight.Full, log.TakeRight(out var before));
        var receipt = await log.AppendAsync(new() { Tags = ["model:1"] }, InvalidationSource.Event, null, default);
        log.TakeRight(out var after);
        Assert.Equal(1, receipt.Position.Sequence);
        Assert.Equal(Verdict.Invalid, after!.Check(before!.Position, "k", ["model:1"]));
        Assert.Equal(Verdict.Valid, after.Check(receipt.Position, "k", ["model:1"]));
        Assert.True(after.Generation > before.Generation);
    }

    [Fact]
    public async Task Subscribe_ListenerThatThrows_CostsOnlyItself()
    {
        var log = Create();
        var heard = 0;
        log.Subscribe(_ => throw new InvalidOperationException("a listener's own failure"));
        log.Subscribe(_ => heard++);
        await log.AppendAsync(new() { Keys = ["a"] }, InvalidationSource.Operator, null, default);
        Assert.Equal(1, heard);
    }

    [Fact]
    public async Task SetModeAsync_WithDuration_EndsByItself()
    {
        var log = Create();
        Assert.Null(log.For("metrics"));
        await log.SetModeAsync("*", CacheMode.Shadow, null, default);
        await log.SetModeAsync("metrics", CacheMode.Off, TimeSpan.FromHours(1), default);
        Assert.Equal(CacheMode.Off, log.For("metrics"));
        Assert.Equal(CacheMode.Shadow, log.For("other"));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(CacheMode.Shadow, log.For("metrics"));
        await log.SetModeAsync("*", null, null, default);
        Assert.Null(log.For("metrics"));
        Assert.Empty(log.Overrides);
    }

    [Fact]
    public async Task AppendAfterChangeAsync_TooLarge_PurgesEverything()
    {
        var log = Create();
        log.TakeRight(out var before);
        await log.AppendAfterChangeAsync(new() { Keys = [.. Enumerable.Range(0, 2_000).Select(i => $"{i}")] }, InvalidationSource.UnsafeRequest);
        log.TakeRight(out var after);
        Assert.Equal(Verdict.Invalid, after!.Check(before!.Position, "not named", []));
    }

    private LocalInvalidationLog Create() =>
        new(new CacheMetrics(Metrics.WithCustomRegistry(Metrics.NewCustomRegistry())), _time, NullLogger<LocalInvalidationLog>.Instance);
}
