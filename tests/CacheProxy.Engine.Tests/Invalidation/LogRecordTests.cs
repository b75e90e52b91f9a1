using CacheProxy.Engine.Invalidation;
using CsCheck;
using Purge = CacheProxy.Engine.Invalidation.Invalidation;

namespace CacheProxy.Engine.Tests.Invalidation;

public sealed class LogRecordTests
{
    [Fact]
    public void Parse_WhatWasSerialized_IsTheSamePurge() =>
        Gen.Select(Gen.String.Array[1, 5], Gen.String.Array[0, 5], Gen.String.Array[0, 5], Gen.Bool, Gen.Enum<InvalidationMode>()).Sample(
            (keys, tags, patterns, everything, mode) =>
            {
                var purge = new Purge { Keys = Clean(keys), Tags = Clean(tags), Patterns = Clean(patterns), Everything = everything, Mode = mode };
                var record = LogRecord.Parse($"42 id 1700000000 {LogRecord.Serialize(purge)}")!;
                Assert.Equal((42, "id", 1_700_000_000), (record.Sequence, record.Id, record.Time));
                Assert.Equal(purge.Keys.AsEnumerable(), record.Invalidation!.Keys);
                Assert.Equal(purge.Tags.AsEnumerable(), record.Invalidation.Tags);
                Assert.Equal(purge.Patterns.AsEnumerable(), record.Invalidation.Patterns);
                Assert.Equal((purge.Everything, purge.Mode), (record.Invalidation.Everything, record.Invalidation.Mode));
            },
            iter: 5_000);

    [Fact]
    public void Parse_FieldsThatAreAbsent_AreEmpty()
    {
        var purge = LogRecord.Parse("""7 id 1700000000 {"version":1,"mode":"soft","keys":["a"]}""")!.Invalidation!;
        Assert.Equal("a", Assert.Single(purge.Keys));
        Assert.Equal((true, true, false, InvalidationMode.Soft), (purge.Tags.IsEmpty, purge.Patterns.IsEmpty, purge.Everything, purge.Mode));
    }

    [Theory]
    [InlineData("7")]
    [InlineData("7 id")]
    [InlineData("7 id 1700000000")]
    [InlineData("7 id x {}")]
    [InlineData("7 id 1700000000 not json")]
    [InlineData("""7 id 1700000000 {"version":1,"mode":"hard","keys":["a"]""")]
    [InlineData("""7 id 1700000000 {"version":2,"mode":"hard","keys":["a"]}""")]
    [InlineData("""7 id 1700000000 {"version":1,"mode":"gentle","keys":["a"]}""")]
    [InlineData("""7 id 1700000000 {"version":1,"mode":"hard","keys":["a"],"groups":["b"]}""")]
    [InlineData("""7 id 1700000000 {"version":1,"mode":"hard","keys":["a"],"keys":["b"]}""")]
    [InlineData("""7 id 1700000000 {"version":1,"mode":"hard","keys":null,"tags":["a"]}""")]
    [InlineData("""7 id 1700000000 {"version":1,"mode":"hard","keys":[null]}""")]
    [InlineData("""7 id 1700000000 {"version":1,"mode":"hard"}""")]
    [InlineData("""7 id 1700000000 {"version":1,"keys":["a"]}""")]
    [InlineData("7 id 1700000000 null")]
    public void Parse_RecordThatIsNotUnderstood_IsAPurgeOfEverything(string line)
    {
        var record = LogRecord.Parse(line)!;
        Assert.Equal(7, record.Sequence);
        Assert.Null(record.Invalidation);
        Assert.True(record.Effect.Everything);
        Assert.Equal(InvalidationMode.Hard, record.Effect.Mode);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" 7 id")]
    [InlineData("x id 1 {}")]
    [InlineData("-1 id 1 {}")]
    public void Parse_LineWithoutASequence_IsNoRecord(string line) => Assert.Null(LogRecord.Parse(line));

    [Fact]
    public void Serialize_TooManyNames_IsRefused()
    {
        var purge = new Purge { Keys = [.. Enumerable.Range(0, Purge.MaxNames + 1).Select(i => $"{i}")] };
        Assert.Contains("1001 names", Assert.Throws<ArgumentException>(() => LogRecord.Serialize(purge)).Message, StringComparison.Ordinal);
        Assert.True(LogRecord.OrEverything(purge).Everything);
    }

    [Fact]
    public void OrEverything_MoreBytesThanARecordTakes_IsEverything()
    {
        Assert.True(LogRecord.OrEverything(new() { Keys = [new('é', 20_000)] }).Everything);
        Assert.False(LogRecord.OrEverything(new() { Keys = [new('e', 20_000)] }).Everything);
    }

    /// <summary>Lone surrogates are not text: no key or tag has them.</summary>
    private static System.Collections.Immutable.ImmutableArray<string> Clean(string[] names) =>
        [.. names.Select(n => string.Concat(n.Where(c => !char.IsSurrogate(c))))];
}
