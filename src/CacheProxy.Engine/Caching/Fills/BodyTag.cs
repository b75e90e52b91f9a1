using System.Buffers.Text;
using System.IO.Hashing;
using CacheProxy.Engine.Storage;
using Microsoft.Net.Http.Headers;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>The entity tag of a body that the origin gave none: <c>"&lt;base64url XxHash128&gt;"</c> (DESIGN 3). It never goes to the origin.</summary>
internal static class BodyTag
{
    public static StoredResponse Add(StoredResponse response)
    {
        if (response.Status != 200 || response.Headers.Contains(HeaderNames.ETag)) return response;
        Span<byte> hash = stackalloc byte[16];
        XxHash128.Hash(response.Body.Span, hash);
        return response with { EntityTag = $"\"{Base64Url.EncodeToString(hash)}\"" };
    }
}
