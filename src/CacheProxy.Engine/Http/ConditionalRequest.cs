using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Http;

/// <summary>What the preconditions of a request come to.</summary>
public enum Precondition
{
    /// <summary>Answer as if there were none.</summary>
    Proceed,

    /// <summary>Answer 304.</summary>
    NotModified,

    /// <summary>
    /// A precondition that an origin would answer with 412 does not hold. It is for the origin to say so (RFC 9111 §4.3.2): send the request
    /// there; answer 412 only where the stored response is the origin's last word.
    /// </summary>
    Failed,
}

/// <summary>Preconditions against a stored response (RFC 9110 §13, RFC 9111 §4.3.2).</summary>
public static class ConditionalRequest
{
    /// <summary>Whether the request carries any precondition at all.</summary>
    public static bool IsConditional(IHeaderDictionary request) =>
        request.IfNoneMatch.Count > 0 || request.IfModifiedSince.Count > 0 || request.IfMatch.Count > 0 || request.IfUnmodifiedSince.Count > 0;

    /// <summary>Evaluates them in the order of RFC 9110 §13.2.2.</summary>
    /// <param name="method">The request's method.</param>
    /// <param name="request">The request's fields.</param>
    /// <param name="status">The stored status: preconditions count for a 2xx only (§13.2.1).</param>
    /// <param name="stored">The stored fields, with the entity tag of the form in which it would be sent.</param>
    /// <param name="responseTime">When it arrived: stands in for a <c>Last-Modified</c> and <c>Date</c> that are absent (RFC 9111 §4.3.2).</param>
    /// <param name="now">Now.</param>
    public static Precondition Evaluate(
        string method, IHeaderDictionary request, int status, HeaderFields stored, DateTimeOffset responseTime, DateTimeOffset now)
    {
        if (status is < 200 or > 299) return Precondition.Proceed;

        if (request.IfMatch.Count > 0)
        {
            if (!Matches(request.IfMatch, stored, strong: true)) return Precondition.Failed;
        }
        else if (HttpDate.TryParse(request.IfUnmodifiedSince, now, out var unmodifiedSince)
            && HttpDate.TryParse(stored["Last-Modified"], now, out var lastModified) && lastModified > unmodifiedSince)
            return Precondition.Failed;

        if (request.IfNoneMatch.Count > 0)
        {
            // Whatever it says: where it is there, If-Modified-Since does not count (§13.1.3).
            if (!Matches(request.IfNoneMatch, stored, strong: false)) return Precondition.Proceed;
            return MethodFacts.AnswersNotModified(method) ? Precondition.NotModified : Precondition.Failed;
        }

        if (!MethodFacts.AnswersNotModified(method) || request.IfModifiedSince.Count != 1
            || !HttpDate.TryParse(request.IfModifiedSince, now, out var modifiedSince))
            return Precondition.Proceed;
        if (!HttpDate.TryParse(stored["Last-Modified"], now, out var modified) && !HttpDate.TryParse(stored["Date"], now, out modified))
            modified = responseTime;
        return modified <= modifiedSince ? Precondition.NotModified : Precondition.Proceed;
    }

    private static bool Matches(Microsoft.Extensions.Primitives.StringValues wanted, HeaderFields stored, bool strong)
    {
        if (wanted.Count == 1 && ListReader.Trim(wanted[0]) is "*") return true;
        if (!EntityTag.TryParse(stored["ETag"], out var tag)) return false;
        foreach (var other in EntityTag.ParseList(wanted))
            if (strong ? tag.StrongEquals(other) : tag.WeakEquals(other)) return true;
        return false;
    }
}
