namespace CacheProxy.Engine.Http;

/// <summary>What RFC 9110 §15 and the later RFCs say of status codes.</summary>
public static class StatusFacts
{
    /// <summary>Whether it ends the exchange (RFC 9110 §15.2: 1xx does not).</summary>
    public static bool IsFinal(int status) => status is >= 200 and <= 999;

    /// <summary>RFC 9110 §15.1: the statuses that are cacheable with a heuristic lifetime.</summary>
    public static bool IsHeuristicallyCacheable(int status) =>
        status is 200 or 203 or 204 or 206 or 300 or 301 or 308 or 404 or 405 or 410 or 414 or 501;

    /// <summary>Whether this cache knows what caching it means (RFC 9111 §5.2.2.3, <c>must-understand</c>).</summary>
    public static bool IsUnderstood(int status) => status is
        200 or 201 or 202 or 203 or 204 or 205 or 206 or 300 or 301 or 302 or 303 or 307 or 308
        or 400 or 401 or 402 or 403 or 404 or 405 or 406 or 408 or 409 or 410 or 411 or 413 or 414 or 415 or 421 or 422 or 424 or 426 or 451
        or 500 or 501 or 502 or 503 or 504 or 505;

    /// <summary>
    /// Whether a response of this status may never be stored, whatever its directives say: it is not final, or a 304 (an update, not a
    /// response), or depends on request fields that are in no key (407, 412, 416, 417), or RFC 6585 forbids it (428, 429, 431, 511).
    /// </summary>
    public static bool IsNeverStored(int status) =>
        !IsFinal(status) || status is 304 or 407 or 412 or 416 or 417 or 428 or 429 or 431 or 511;

    /// <summary>Whether it has no content by definition (RFC 9110 §6.4.1): no body, whatever <c>Content-Length</c> says.</summary>
    public static bool HasNoContent(int status) => status is < 200 or 204 or 205 or 304;

    /// <summary>RFC 9111 §4.4: 2xx and 3xx to an unsafe method.</summary>
    public static bool IsNonError(int status) => status is >= 200 and <= 399;

    /// <summary>RFC 5861 §4: the errors in whose place a stale response may be served, and no others.</summary>
    public static bool AllowsStaleIfError(int status) => status is 500 or 502 or 503 or 504;
}
