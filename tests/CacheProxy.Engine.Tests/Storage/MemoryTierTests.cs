using CacheProxy.Engine.Storage;
using CacheProxy.Engine.Telemetry;
using Microsoft.Extensions.Time.Testing;
using Prometheus;

namespace CacheProxy.Engine.Tests.Storage;

/// <summary>The memory tier: its bounds, and what goes first.</summary>
public sealed class MemoryTierTests
{
    private static readonly long s_size = Entries.Of("0", 10_000).Size;

    [Fact]
    public void Bytes_NeverExceedTheLimit()
    {
        var tier = Tier(5);

        for (var i = 0; i < 100; i++)
        {
            tier.Add(Entries.Of($"{i % 30}", 10_000));
            Assert.InRange(tier.Bytes, 0, 5 * s_size + 500);
        }

        Assert.Equal(tier.Entries.Sum(entry => entry.Size), tier.Bytes);
        Assert.Equal(tier.Entries.Count(), tier.Count);
    }

    [Fact]
    public void Eviction_TakesTheOldestThatNobodyUsed()
    {
        var tier = Tier(4);
        foreach (var name in (string[])["a", "b", "c", "d"]) tier.Add(Entries.Of(name, 10_000));
        MemoryTier.Touch(Find(tier, "a")!);
        MemoryTier.Touch(Find(tier, "c")!);

        tier.Add(Entries.Of("e", 10_000));
        Assert.Equal("acde", Names(tier));

        tier.Add(Entries.Of("f", 10_000));
        Assert.Equal("acef", Names(tier));
    }

    [Fact]
    public void Eviction_AllInUse_TakesTheOldestAndNeverTheNewOne()
    {
        var tier = Tier(3);
        foreach (var name in (string[])["a", "b", "c"])
        {
            tier.Add(Entries.Of(name, 10_000));
            MemoryTier.Touch(Find(tier, name)!);
        }

        tier.Add(Entries.Of("d", 10_000));

        Assert.Equal("bcd", Names(tier));
    }

    [Fact]
    public void Add_WhatIsLargerThanHalfOfAll_IsNotKept()
    {
        var tier = Tier(4);

        tier.Add(Entries.Of("huge", 50_000));

        Assert.Equal(0, tier.Count);
    }

    [Fact]
    public void Add_TheSameSelection_TakesItsPlace()
    {
        var tier = Tier(8);

        tier.Add(Entries.Of("a", 100));
        tier.Add(Entries.Of("a", 200));
        tier.Add(Entries.Of("a", 300, new SelectingField("x", "1")));

        Assert.Equal([200, 300], tier.Find(Entries.Of("a", 0).Identity).Select(entry => entry.Response.Body.Length));
    }

    [Fact]
    public void Add_AWhole_TakesThePlaceOfItsPart()
    {
        var tier = Tier(8);

        tier.Add(Entries.Of("a", 100) with { Status = 206 });
        tier.Add(Entries.Of("a", 200));

        Assert.Equal(200, tier.Find(Entries.Of("a", 0).Identity).Single().Response.Status);
    }

    [Fact]
    public void Replace_WhatIsNotThereAnyMore_BringsNothingBack()
    {
        var tier = Tier(8);
        var entry = tier.Add(Entries.Of("a", 100));
        tier.Remove(entry, "purged");

        Assert.Null(tier.Replace(entry, Entries.Of("a", 100)));
        Assert.Equal(0, tier.Count);
    }

    private static MemoryTier Tier(int entries) => new(
        new MemoryOptions { Limit = entries * s_size + 500, MaxVariants = 8 },
        new CacheMetrics(Metrics.WithCustomRegistry(Metrics.NewCustomRegistry())),
        new FakeTimeProvider());

    private static MemoryEntry? Find(MemoryTier tier, string name) => tier.Find(Entries.Of(name, 0).Identity) is { Count: > 0 } found ? found[0] : null;

    private static string Names(MemoryTier tier) => string.Concat(tier.Entries.Select(entry => entry.Response.Name).Order(StringComparer.Ordinal));
}
