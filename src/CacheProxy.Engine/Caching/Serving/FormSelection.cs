using CacheProxy.Engine.Http;
using CacheProxy.Engine.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Engine.Caching.Serving;

/// <summary>
/// Which form of a stored response answers a request: as it came, or in a coding of ours (RFC 9110 §12.5.3). A form that the client names by
/// its entity tag comes before the one that it would be sent now: it has that one already.
/// </summary>
internal sealed class FormSelection(Compressor compressor)
{
    /// <summary>The form; its body is there when it is a coded one and the answer needs it.</summary>
    public PreparedResponse Choose(HttpRequest request, MemoryEntry entry, PreparedResponse plain)
    {
        var headers = request.Headers;
        if (headers.AcceptEncoding.Count == 0) return plain;
        var wanted = compressor.Negotiate(headers.AcceptEncoding);
        if (wanted.Coding is not { } coding || coding == Coding.Identity) return plain;
        // RFC 9111 §5.2.1.6: the client wants it as it came.
        if (headers.CacheControl.Count > 0 && CacheControl.Parse(headers.CacheControl).NoTransform) return plain;
        var coded = entry.Response.Coded;
        if (coded.IsSettled(coding) && coded.Find(coding) is null) return plain;

        var form = plain.In(coding, entry.Response);
        if (headers.Range.Count > 0 && HttpMethods.IsGet(request.Method))
        {
            // Parts of the plain form, unless the client has begun with this one: whether it is made yet must not decide what parts are of.
            var begun = Names(headers.IfRange, form.Tag);
            return !wanted.IdentityToo || begun ? Made(entry, coding, form, plain) : plain;
        }
        if (ConditionalRequest.IsConditional(headers))
        {
            if (Names(headers.IfNoneMatch, form.Tag)) return form;
            if (wanted.IdentityToo && (Names(headers.IfNoneMatch, plain.Tag) || Names(headers.IfMatch, plain.Tag))) return plain;
            if (Names(headers.IfMatch, form.Tag)) return Made(entry, coding, form, plain);
        }
        if (coded.Find(coding) is not null) return form;
        if (!wanted.IdentityToo) return Made(entry, coding, form, plain);
        compressor.Ask(entry, coding);
        return plain;
    }

    private PreparedResponse Made(MemoryEntry entry, Coding coding, PreparedResponse form, PreparedResponse plain) =>
        compressor.Make(entry, coding) is null ? plain : form;

    private static bool Names(StringValues field, EntityTag? tag)
    {
        if (tag is not { } own || field.Count == 0) return false;
        foreach (var named in EntityTag.ParseList(field))
            if (named.WeakEquals(own)) return true;
        return false;
    }
}
