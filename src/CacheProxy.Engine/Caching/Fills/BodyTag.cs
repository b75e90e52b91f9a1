using System.Buffers.Text;
using System.IO.Hashing;
using CacheProxy.Engine.Storage;
using Microsoft.Net.Http.Headers;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>The entity tag of a body that the origin gave none: <c>"&lt;base64url XxHash128&gt;"</c> (DESIGN 3). It never goes to the origin.</summary>
internal static class BodyTag
{
    /// <param name="response">What is stored, with or without its body.</param>
    /// <param name="body">The body.</param>
    /// <returns><see langword="null"/> when the origin gave a tag, or there is nothing to tag.</returns>
    public static string? Of(StoredResponse response, ReadOnlySpan<byte> body)
    {
        if (response.Status != 200 || response.Headers.Contains(HeaderNames.ETag)) return null;
        Span<byte> hash = stackalloc byte[16];
        XxHash128.Hash(body, hash);
        return $"\"{Base64Url.EncodeToString(hash)}\"";
    }
}
