using System.Collections.Immutable;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Storage;

namespace CacheProxy.Engine.Tests.Storage;

/// <summary>The bytes in the shared tier: what was written is read back, and everything else is a miss.</summary>
public sealed class EntryFormatTests
{
    private static readonly ImmutableArray<byte> s_encoded = [.. EntryFormat.Encode(new SharedRecord([["accept-language", "x"]], Entries.Full)).Span];

    [Fact]
    public void RoundTrip_EveryField_IsTheSame()
    {
        var record = EntryFormat.Decode(s_encoded.ToArray())!;
        var (read, written) = (record.Response!, Entries.Full);

        Assert.Equal(["accept-language", "x"], record.SelectingNames.Single().ToArray());
        Assert.Equal(Comparable(written), Comparable(read));
        Assert.Equal(written.Tags.ToArray(), read.Tags.ToArray());
        Assert.Equal(written.Selecting.ToArray(), read.Selecting.ToArray());
        Assert.Equal(written.Headers.Select(Text), read.Headers.Select(Text));
        Assert.True(written.Body.Span.SequenceEqual(read.Body.Span));
    }

    [Fact]
    public void RoundTrip_ARecordWithoutResponse_HasItsNames() =>
        Assert.Equal(["a"], EntryFormat.Decode(EntryFormat.Encode(new SharedRecord([["a"]], null)))!.SelectingNames.Single().ToArray());

    [Fact]
    public void Decode_AnyByteFlipped_IsAMiss()
    {
        for (var at = 0; at < s_encoded.Length; at++)
        {
            var bytes = s_encoded.ToArray();
            bytes[at] ^= 0x10;
            Assert.Null(EntryFormat.Decode(bytes));
        }
    }

    [Fact]
    public void Decode_AnyTruncation_IsAMiss()
    {
        for (var length = 0; length < s_encoded.Length; length++) Assert.Null(EntryFormat.Decode(s_encoded.AsSpan(0, length).ToArray()));
    }

    [Fact]
    public void Decode_SomethingBehindIt_IsAMiss() => Assert.Null(EntryFormat.Decode(s_encoded.Add(0).ToArray()));

    /// <summary>The checksum is right, as in an entry that somebody else wrote; sums of such times would overflow.</summary>
    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(-1)]
    public void Decode_TimesThatNoResponseHas_IsAMiss(long ticks)
    {
        foreach (var wrong in new[] { Entries.Full with { FreshUntilAge = new(ticks) }, Entries.Full with { InitialAge = new(ticks) }, Entries.Full with { StaleIfError = new(ticks) } })
            Assert.Null(EntryFormat.Decode(EntryFormat.Encode(new SharedRecord([], wrong))));
    }

    private static StoredResponse Comparable(StoredResponse response) =>
        response with { Tags = [], Selecting = [], Headers = HeaderFields.Empty, Body = default, Coded = s_noForms };

    // What a body has been coded to is made anew with every body: no field of the record's own.
    private static readonly CodedBodies s_noForms = new(default);

    private static string Text(KeyValuePair<string, Microsoft.Extensions.Primitives.StringValues> field) => $"{field.Key}={string.Join('|', field.Value.ToArray())}";
}
