using System.IO.Hashing;
using System.Text;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Storage;
using CacheProxy.Engine.Tests.Storage;
using Microsoft.Extensions.Primitives;

namespace Fuzz.Targets;

/// <summary>
/// The decoder of shared entries, as Redis gives them: once as they come, which the checksum ends early, and once with the checksum put
/// right, which is what a stranger with access to Redis would do.
/// </summary>
internal static class EntryTarget
{
    private const int HeadLength = 3 + 16;

    public static FuzzTarget Target { get; } = new("entries", Run, static () => [.. Seeds()]);

    private static void Run(byte[] input)
    {
        Use(EntryFormat.Decode(input));
        if (input.Length <= HeadLength) return;
        var signed = input.ToArray();
        (signed[0], signed[1], signed[2]) = ((byte)'C', (byte)'P', (byte)(1 + (input[2] & 1)));
        XxHash128.Hash(signed.AsSpan(HeadLength), signed.AsSpan(3, 16));
        if (EntryFormat.Decode(signed) is not { } record) return;
        Use(record);
        var again = EntryFormat.Decode(EntryFormat.Encode(record));
        BrokenPromiseException.ThrowIf(again is null, "what was decoded cannot be encoded and decoded again");
        if (record.Response is { } one && again!.Response is { } other)
            BrokenPromiseException.ThrowIf(!one.Body.Span.SequenceEqual(other.Body.Span) || one.Name != other.Name || one.Identity != other.Identity, "another response came back");
    }

    /// <summary>What a lookup does with it before it is served.</summary>
    private static void Use(SharedRecord? record)
    {
        if (record?.Response is not { } response) return;
        _ = (response.Usefulness, response.Size, response.MayCompress);
        record.Add([.. response.Selecting.Select(static field => field.Name)]);
    }

    private static IEnumerable<byte[]> Seeds()
    {
        var body = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"accuracy\":0.95}\n", 100)));
        yield return EntryFormat.Encode(new([], Response("application/json", body))).ToArray();
        yield return EntryFormat.Encode(new([], Response("image/png", body[..20]))).ToArray();
        yield return EntryFormat.Encode(new([["accept-language"], ["x", "y"]], null)).ToArray();
        yield return EntryFormat.Encode(new([["accept-language"]], Response("text/plain", []) with
        {
            Selecting = [new("accept-language", "de"), new("x", null)],
            Tags = ["model:ä", "uri:/x"],
            HasValidator = true,
            EntityTag = "\"tag\"",
            StaleIfError = TimeSpan.FromSeconds(4),
        })).ToArray();
    }

    private static StoredResponse Response(string type, byte[] body) =>
        Entries.Of("p:1", body) with { Headers = new HeaderFields([new("Content-Type", type), new("Link", new StringValues(["<a>", "<b>"]))]) };
}
