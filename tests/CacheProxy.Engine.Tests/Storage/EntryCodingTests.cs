using System.IO.Hashing;
using System.Text;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Storage;

namespace CacheProxy.Engine.Tests.Storage;

public sealed class EntryCodingTests
{
    private static readonly byte[] s_body = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"accuracy\":0.95}\n", 200)));

    [Fact]
    public void Encode_CompressibleBody_IsShorterAndReadBackWithItsCoding()
    {
        var bytes = EntryFormat.Encode(new([], Response("application/json")));

        var read = EntryFormat.Decode(bytes)!.Response!;

        Assert.True(bytes.Length < s_body.Length / 2, $"{bytes.Length} bytes");
        Assert.Equal(s_body, read.Body.ToArray());
        Assert.NotNull(read.Coded.Find(Coding.Brotli));
    }

    [Fact]
    public void Encode_OtherBody_IsKeptAsItIs()
    {
        var read = EntryFormat.Decode(EntryFormat.Encode(new([], Response("image/png"))))!.Response!;

        Assert.Equal(s_body, read.Body.ToArray());
        Assert.Null(read.Coded.Find(Coding.Brotli));
    }

    [Fact]
    public void Decode_RecordOfTheFirstVersion_IsStillRead()
    {
        // The first version had no byte for the coding before the body's length.
        var now = EntryFormat.Encode(new([], Response("image/png"))).ToArray();
        var at = now.Length - s_body.Length - 4 - 1;
        byte[] first = [.. now[..at], .. now[(at + 1)..]];
        first[2] = 1;
        XxHash128.Hash(first.AsSpan(19), first.AsSpan(3, 16));

        var read = EntryFormat.Decode(first)!.Response!;

        Assert.Equal(s_body, read.Body.ToArray());
        Assert.Equal("p:1", read.PrimaryKey);
    }

    [Fact]
    public void Decode_DamagedOrClaimingAnotherLength_IsAMiss()
    {
        var bytes = EntryFormat.Encode(new([], Response("application/json"))).ToArray();
        var coded = EntryFormat.Decode(bytes)!.Response!.Coded.Find(Coding.Brotli)!;
        var length = bytes.AsSpan(bytes.Length - coded.Length - 8, 4);
        length[0]++;

        Assert.Null(EntryFormat.Decode(bytes));
        XxHash128.Hash(bytes.AsSpan(19), bytes.AsSpan(3, 16));
        Assert.Null(EntryFormat.Decode(bytes));
    }

    private static StoredResponse Response(string type) => Entries.Of("p:1", s_body) with { Headers = new([new("Content-Type", type)]) };
}
