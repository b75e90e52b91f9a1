using System.Collections.Immutable;
using CacheProxy.Engine.Invalidation;
using CsCheck;
using Purge = CacheProxy.Engine.Invalidation.Invalidation;

namespace CacheProxy.Engine.Tests.Invalidation;

public sealed class InvalidationIndexTests
{
    private static readonly Epoch s_epoch = new(1, "n");

    [Fact]
    public void Check_KeyAndTagOfTheSameName_AreTwoNames()
    {
        var log = Started();
        log.Apply(1, "a", new() { Tags = ["x"] });
        Assert.Equal(Verdict.Valid, Check(log, 0, "x"));
        Assert.Equal(Verdict.Invalid, Check(log, 0, "y", "x"));
    }

    [Fact]
    public void Check_StampAtThePurge_IsValid()
    {
        var log = Started();
        log.Apply(1, "a", new() { Keys = ["x"] });
        Assert.Equal(Verdict.Invalid, Check(log, 0, "x"));
        Assert.Equal(Verdict.Valid, Check(log, 1, "x"));
    }

    [Fact]
    public void Check_SoftAfterHard_KeepsBoth()
    {
        var log = Started();
        log.Apply(1, "a", new() { Keys = ["x"] });
        log.Apply(2, "b", new() { Keys = ["x"], Mode = InvalidationMode.Soft });
        Assert.Equal(Verdict.Invalid, Check(log, 0, "x"));
        Assert.Equal(Verdict.Stale, Check(log, 1, "x"));
        Assert.Equal(Verdict.Valid, Check(log, 2, "x"));
    }

    [Fact]
    public void Check_EverythingSoft_IsStaleBelowIt()
    {
        var log = Started();
        log.Apply(1, "a", new() { Everything = true, Mode = InvalidationMode.Soft });
        Assert.Equal(Verdict.Stale, Check(log, 0, "x"));
        Assert.Equal(Verdict.Valid, Check(log, 1, "x"));
    }

    [Fact]
    public void Check_SoftPatternAndGenerationWithoutVerdict_StaysStale()
    {
        var log = Started();
        log.Apply(1, "a", new() { Patterns = ["x*"], Mode = InvalidationMode.Soft });
        var generation = log.Current!.Generation;
        log.Apply(2, "b", new() { Patterns = ["y*"] });
        Assert.Equal(Verdict.Stale, log.Current!.Check(new(s_epoch, 0), "x1", [], generation));
        Assert.Equal(Verdict.Stale, log.Current!.Check(new(s_epoch, 0), "x1", [], generation, Verdict.Stale));
    }

    [Fact]
    public void Check_OtherEpoch_IsInvalidByNumberAndByNonce()
    {
        var log = Started();
        Assert.Equal(Verdict.Invalid, log.Current!.Check(new(new(2, "n"), 5), "x", []));
        Assert.Equal(Verdict.Invalid, log.Current!.Check(new(new(1, "m"), 5), "x", []));
        Assert.Equal(Verdict.Valid, log.Current!.Check(new(new(1, "n"), 5), "x", []));
    }

    [Fact]
    public void Apply_RecordThatNobodyUnderstands_TakesEverythingBelow()
    {
        var log = Started();
        log.Apply(1, "a", null);
        Assert.Equal(Verdict.Invalid, Check(log, 0, "never named"));
        Assert.Equal(Verdict.Valid, Check(log, 1, "never named"));
    }

    [Fact]
    public void Apply_MoreNamesThanTheLimit_RaisesBaseAndLeavesOldSnapshotsStrict()
    {
        var log = new AppliedLog(nameLimit: 10, patternLimit: 10);
        log.StartOver(s_epoch, 0);
        var snapshots = new List<Snapshot>();
        for (var i = 1; i <= 100; i++)
        {
            log.Apply(i, "i", new() { Keys = [$"k{i}"] });
            snapshots.Add(log.Current!);
        }

        Assert.True(log.Current!.Index.Names <= 10);
        Assert.True(log.Current!.Base > 50);
        for (var i = 1; i <= 100; i++)
        {
            // Who still holds an older snapshot must find in it every purge that had been worked in by then.
            foreach (var snapshot in snapshots.Skip(i - 1)) Assert.Equal(Verdict.Invalid, snapshot.Check(new(s_epoch, i - 1), $"k{i}", []));
        }
    }

    [Fact]
    public void Apply_MorePatternsThanTheLimit_RaisesBase()
    {
        var log = new AppliedLog(nameLimit: 10, patternLimit: 10);
        log.StartOver(s_epoch, 0);
        for (var i = 1; i <= 100; i++) log.Apply(i, "i", new() { Patterns = [$"k{i}:*"] });
        Assert.True(log.Current!.Index.Patterns <= 10);
        Assert.Equal(Verdict.Invalid, Check(log, 0, "k1:a"));
        Assert.Equal(Verdict.Invalid, Check(log, 98, "k99:a"));
        Assert.Equal(Verdict.Valid, Check(log, 99, "k99:a"));
    }

    [Fact]
    public void Apply_SamePatternManyTimes_TakesOnePlace()
    {
        var log = Started();
        for (var i = 1; i <= 5_000; i++) log.Apply(i, "i", new() { Patterns = ["a*"] });
        Assert.Equal(1, log.Current!.Index.Patterns);
        Assert.Equal(0, log.Current.Base);
        Assert.Equal(Verdict.Invalid, Check(log, 4_999, "a1"));
    }

    [Fact]
    public void Hold_PurgeWithoutPosition_CountsForEveryStampUntilReleased()
    {
        var log = Started();
        log.Apply(1, "a", new() { Keys = ["other"] });
        log.Hold([new() { Tags = ["t"] }]);
        Assert.Equal(Verdict.Invalid, Check(log, 1, "x", "t"));
        Assert.Equal(Verdict.Valid, Check(log, 1, "x"));
        log.Hold([]);
        Assert.Equal(Verdict.Valid, Check(log, 1, "x", "t"));
    }

    [Fact]
    public void Check_AfterManyPurges_AllocatesNothing()
    {
        var log = Started();
        for (var i = 1; i <= 1_000; i++) log.Apply(i, "i", new() { Keys = [$"k{i}"], Tags = [$"t{i}"], Patterns = [$"p{i % 50}*"] });
        var snapshot = log.Current!;
        ImmutableArray<string> tags = ["a", "b"];
        var stamp = new Position(s_epoch, 10);
        for (var i = 0; i < 100; i++) snapshot.Check(stamp, "z", tags);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++) Assert.True(snapshot.Check(stamp, "z", tags) == Verdict.Valid);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>Whatever was checked and remembered on the way, the answer is that of a list of all purges.</summary>
    [Fact]
    public void Check_AnyHistory_AgreesWithTheListOfPurges()
    {
        var name = Gen.Char["abc"].Select(c => c.ToString());
        var pattern = Gen.OneOf(name.Select(n => n + "*"), Gen.Const("*"), Gen.Const("[ab]"));
        var purge = Gen.Select(name.Array[0, 2], name.Array[0, 2], pattern.Array[0, 2], Gen.Int[0, 20], Gen.Bool)
            .Select((keys, tags, patterns, everything, soft) => new Purge
            {
                Keys = [.. keys],
                Tags = [.. tags],
                Patterns = [.. patterns],
                Everything = everything == 0,
                Mode = soft ? InvalidationMode.Soft : InvalidationMode.Hard,
            });
        Gen.Select(purge.Array[1, 30], name, name, Gen.Int[0, 30], Gen.Int[3, 12]).Sample(
            (purges, key, tag, stamp, limit) =>
            {
                var log = new AppliedLog(nameLimit: limit, patternLimit: limit);
                log.StartOver(s_epoch, 0);
                var (generation, verdict) = (0L, Verdict.Invalid);
                for (var i = 1; i <= purges.Length; i++)
                {
                    log.Apply(i, "i", purges[i - 1]);
                    if (stamp > i) continue;
                    var found = log.Current!.Check(new(s_epoch, stamp), key, [tag], generation, verdict);
                    var expected = Expected(purges.AsSpan(0, i), stamp, key, tag);
                    var prunedAway = stamp < log.Current!.Base;
                    Assert.Equal(prunedAway ? Verdict.Invalid : expected, found);
                    if (found == Verdict.Invalid) return;
                    (generation, verdict) = (log.Current!.Generation, found);
                }
            },
            iter: 20_000);
    }

    private static Verdict Expected(ReadOnlySpan<Purge> purges, int stamp, string key, string tag)
    {
        var stale = false;
        for (var i = stamp; i < purges.Length; i++)
        {
            var purge = purges[i];
            var named = purge.Everything || purge.Keys.Contains(key) || purge.Tags.Contains(tag)
                || purge.Patterns.Any(p => GlobPattern.Parse(p).IsMatch(key));
            if (named && purge.Mode != InvalidationMode.Soft) return Verdict.Invalid;
            stale |= named;
        }

        return stale ? Verdict.Stale : Verdict.Valid;
    }

    private static AppliedLog Started()
    {
        var log = new AppliedLog();
        log.StartOver(s_epoch, 0);
        return log;
    }

    private static Verdict Check(AppliedLog log, long stamp, string key, params ImmutableArray<string> tags) =>
        log.Current!.Check(new(s_epoch, stamp), key, tags);
}
