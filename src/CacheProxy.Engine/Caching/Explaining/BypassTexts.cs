using CacheProxy.Engine.Policies;

namespace CacheProxy.Engine.Caching.Explaining;

/// <summary>Each reason to go past the cache as a sentence, with what can be done about it.</summary>
internal static class BypassTexts
{
    public static string Of(BypassReason reason) => reason switch
    {
        BypassReason.NoPolicy => "The route has no OutputCachePolicy.",
        BypassReason.Off => "The policy's Mode is Off, or the kill switch is on.",
        BypassReason.Shadow => "Mode Shadow: counted, neither stored nor served.",
        BypassReason.Method => "The method is none of the policy's Methods.",
        BypassReason.Upgrade => "An upgrade, an extended CONNECT or gRPC is never cached.",
        BypassReason.Requested => "A condition of the policy's Bypass holds.",
        BypassReason.KeyIncomplete => "A mandatory value of the key, of a tag or of the access check is absent, or is a dot segment. Put what may be absent into [brackets].",
        BypassReason.UnknownQuery => "A query parameter that no template names, and UnknownQuery is Bypass.",
        BypassReason.Rejected => "A query parameter that no template names, and UnknownQuery is Reject: answered 400.",
        BypassReason.UnexpectedBody => "GET or HEAD with a body.",
        BypassReason.BodyType => "The body is not JSON in UTF-8 without a coding, or there is none.",
        BypassReason.BodyTooLarge => "The body is longer than Limits:MaxKeyBodySize.",
        BypassReason.BodyAmbiguous => "The body is not valid JSON, or two parsers could read it differently.",
        BypassReason.Credentials => "The request carries credentials, and the policy says none of VaryByCredential, AccessCheck and Shared.",
        BypassReason.TooManyAccessChecks => "It would take more access checks than one request may cost.",
        BypassReason.Head => "HEAD is answered from a stored GET, and none answers it: it passes and is not stored.",
        BypassReason.Policy => "The policy written in C# neither looks this request up nor stores its response. The stock one refuses authenticated requests and methods other than GET and HEAD.",
        BypassReason.AccessUnknown => "The access check had no clear answer: the backend decides.",
        _ => "",
    };
}
