using CacheProxy.Engine.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Engine.Caching.Serving;

/// <summary>
/// The entity tags of the forms that we compress: the tag of the plain form with a suffix inside the quotes, since different bytes must never
/// share a strong tag (RFC 9110 §8.8.3.3). The origin knows none of them, so none may reach it.
/// </summary>
internal static class CodedTags
{
    // Two dashes: origins that compress themselves use one.
    private const string Brotli = "--br";
    private const string Gzip = "--gzip";

    public static EntityTag Of(EntityTag plain, Coding coding) => coding == Coding.Identity ? plain : plain.WithSuffix(coding == Coding.Brotli ? Brotli : Gzip);

    /// <summary>
    /// Takes them out of a request that is passed on. Where they ask for "not this one" or for parts of it, the origin is asked for the whole;
    /// a precondition for a change (<c>If-Match</c>) is about the state that both forms show.
    /// </summary>
    public static void Remove(IHeaderDictionary headers)
    {
        if (IsAnyOurs(headers.IfNoneMatch)) headers.IfNoneMatch = Keep(EntityTag.ParseList(headers.IfNoneMatch).Where(static tag => !IsOurs(tag)));
        if (IsAnyOurs(headers.IfMatch)) headers.IfMatch = Keep(EntityTag.ParseList(headers.IfMatch).Select(Plain));
        if (!IsAnyOurs(headers.IfRange)) return;
        headers.IfRange = default;
        headers.Range = default;
    }

    private static bool IsAnyOurs(StringValues field)
    {
        foreach (var line in field)
            if (line is not null && (line.Contains(Brotli + '"', StringComparison.Ordinal) || line.Contains(Gzip + '"', StringComparison.Ordinal))) return true;
        return false;
    }

    private static bool IsOurs(EntityTag tag) => tag.Opaque.EndsWith(Brotli, StringComparison.Ordinal) || tag.Opaque.EndsWith(Gzip, StringComparison.Ordinal);

    private static EntityTag Plain(EntityTag tag) => IsOurs(tag) ? tag with { Opaque = tag.Opaque[..tag.Opaque.LastIndexOf("--", StringComparison.Ordinal)] } : tag;

    private static StringValues Keep(IEnumerable<EntityTag> tags) => string.Join(", ", tags) is { Length: > 0 } text ? text : default(StringValues);
}
