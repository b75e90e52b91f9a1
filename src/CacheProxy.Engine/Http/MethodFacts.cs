namespace CacheProxy.Engine.Http;

/// <summary>What the registries say of methods (RFC 9110 §9, RFC 10008). Methods are case-sensitive.</summary>
public static class MethodFacts
{
    /// <summary>Whether the method is safe (RFC 9110 §9.2.1): it asks for no change. A method that is not known counts as unsafe.</summary>
    public static bool IsSafe(string method) => method is "GET" or "HEAD" or "OPTIONS" or "TRACE" or "QUERY" or "PROPFIND" or "REPORT" or "SEARCH";

    /// <summary>Whether a success of it invalidates stored responses (RFC 9111 §4.4).</summary>
    public static bool IsUnsafe(string method) => !IsSafe(method);

    /// <summary>Whether its responses are cacheable by the method's own definition, without explicit freshness (RFC 9110 §9.2.3, RFC 10008).</summary>
    public static bool IsCacheable(string method) => method is "GET" or "QUERY";

    /// <summary>Whether its response to a matching <c>If-None-Match</c> is 304 and not 412 (RFC 9110 §13.1.2; a QUERY is safe and answers as GET does).</summary>
    public static bool AnswersNotModified(string method) => method is "GET" or "HEAD" or "QUERY";
}
