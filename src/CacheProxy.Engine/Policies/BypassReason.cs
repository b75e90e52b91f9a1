namespace CacheProxy.Engine.Policies;

/// <summary>Why a request goes past the cache; a metric label and the detail of <c>Cache-Status</c> (in kebab case).</summary>
public enum BypassReason
{
    /// <summary>It does not: there is a plan.</summary>
    None,

    /// <summary>The route has no policy.</summary>
    NoPolicy,

    /// <summary>The policy's <c>Mode</c> is <c>Off</c>, or the kill switch is on.</summary>
    Off,

    /// <summary>The policy's <c>Mode</c>, or the kill switch, is <c>Shadow</c>: counted, neither stored nor served.</summary>
    Shadow,

    /// <summary>The method is none of the policy's.</summary>
    Method,

    /// <summary>An upgrade, an extended CONNECT or gRPC.</summary>
    Upgrade,

    /// <summary>A condition of the policy's <c>Bypass</c> holds (<c>use_cache=false</c>).</summary>
    Requested,

    /// <summary>A mandatory value of the key is absent, or is <c>.</c> or <c>..</c>.</summary>
    KeyIncomplete,

    /// <summary>A query parameter that the policy does not name, with <c>UnknownQuery: Bypass</c>.</summary>
    UnknownQuery,

    /// <summary>A query parameter that the policy does not name, with <c>UnknownQuery: Reject</c>: the request is answered 400.</summary>
    Rejected,

    /// <summary>GET or HEAD with a body.</summary>
    UnexpectedBody,

    /// <summary>The body is not UTF-8 JSON in identity coding.</summary>
    BodyType,

    /// <summary>The body is longer than <c>MaxKeyBodySize</c>.</summary>
    BodyTooLarge,

    /// <summary>The body is not valid JSON, or two parsers could read it differently (duplicate or case-variant names, lone surrogates, depth).</summary>
    BodyAmbiguous,

    /// <summary>The request carries credentials, and the policy does not say for whom its responses are.</summary>
    Credentials,

    /// <summary>More access checks than one request may cost.</summary>
    TooManyAccessChecks,

    /// <summary>HEAD, and nothing is stored that answers it: the origin must not be asked for more than the client asked for.</summary>
    Head,

    /// <summary>The access check had no clear answer; the backend decides.</summary>
    AccessUnknown,

    /// <summary>A policy written in C# neither looks this request up nor stores its response.</summary>
    Policy,
}
