using System.Text;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Storage;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Engine.Tests.Storage;

/// <summary>Stored responses.</summary>
internal static class Entries
{
    private static readonly DateTimeOffset s_time = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);
    private static readonly Epoch s_epoch = new(7, "nonce");

    /// <summary>One with every field set to something of its own.</summary>
    public static StoredResponse Full { get; } = Of("k", 20) with
    {
        Policy = "metrics",
        Fingerprint = ulong.MaxValue - 3,
        Tags = ["model:ä", "uri:/x"],
        Selecting = [new("accept-language", "de"), new("x", null)],
        Headers = new([new("Content-Type", "text/plain"), new("Link", new StringValues(["<a>", "<b>"]))]),
        StaleWhileRevalidate = TimeSpan.FromSeconds(3),
        StaleIfError = TimeSpan.FromSeconds(4),
        InitialAge = TimeSpan.FromSeconds(5),
        FillTime = TimeSpan.FromMilliseconds(6),
        AlwaysValidate = true,
        MustRevalidate = true,
        HasValidator = true,
        EntityTag = "\"tag\"",
    };

    public static StoredResponse Of(string name, int length, params SelectingField[] selecting) => Of(name, new byte[length], selecting);

    public static StoredResponse Of(string name, byte[] body, params SelectingField[] selecting) => new()
    {
        Identity = new Hash256(Hash(name)),
        Name = name,
        PrimaryKey = name,
        Policy = "p",
        Fingerprint = 1,
        Tags = [],
        Stamp = new Position(s_epoch, 3),
        Selecting = [.. selecting],
        Status = 200,
        Headers = HeaderFields.Empty,
        Body = body,
        RequestTime = s_time,
        ResponseTime = s_time,
        InitialAge = TimeSpan.Zero,
        FreshUntilAge = TimeSpan.FromMinutes(1),
    };

    private static byte[] Hash(string name) => System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(name));
}
