using CacheProxy.Engine.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace CacheProxy.Engine.Caching.Serving;

/// <summary>The header fields of a response that has coded forms.</summary>
internal static class CodedFields
{
    /// <summary>
    /// What <c>Vary</c> says on every form, the plain one too: <c>Accept-Encoding</c> is among the names (RFC 9110 §12.5.5). Empty when it may
    /// stay as it is.
    /// </summary>
    public static StringValues VaryOf(HeaderFields fields)
    {
        var vary = fields[HeaderNames.Vary];
        if (vary.Count == 0) return HeaderNames.AcceptEncoding;
        return !Vary.TryParse(vary, out var names) || names.Contains("accept-encoding") ? default : StringValues.Concat(vary, HeaderNames.AcceptEncoding);
    }

    /// <summary>The fields of a coded form: digests are of the bytes of one form (RFC 9530 §2, §3).</summary>
    public static HeaderFields Of(HeaderFields plain, Coding coding) => plain
        .Without(static name => Is(name, "Repr-Digest") || Is(name, "Digest") || Is(name, HeaderNames.ContentEncoding))
        .With(HeaderNames.ContentEncoding, ContentCoding.NameOf(coding));

    private static bool Is(string name, string other) => string.Equals(name, other, StringComparison.OrdinalIgnoreCase);
}
