using System.Collections.Immutable;

namespace CacheProxy.Engine.Http;

/// <summary>Whether a response may be stored, or why not; a metric label and the detail of <c>Cache-Status</c> (<see cref="Storability.Label"/>).</summary>
public enum Storable
{
    /// <summary>It may.</summary>
    Yes,

    /// <summary>The method's responses are not cacheable.</summary>
    Method,

    /// <summary>The status is never stored, or not by this policy, or a 206 that does not say which part it is.</summary>
    Status,

    /// <summary>The request says <c>no-store</c>.</summary>
    RequestNoStore,

    /// <summary>The response says <c>no-store</c>.</summary>
    NoStore,

    /// <summary>The response says <c>private</c>.</summary>
    Private,

    /// <summary>The request carried credentials, and the response does not say that it is for others too (RFC 9111 §3.5).</summary>
    Authorization,

    /// <summary>The response sets a cookie without explicit freshness (or, under an explicit TTL, at all).</summary>
    SetCookie,

    /// <summary><c>Vary: *</c>.</summary>
    VaryAny,

    /// <summary>It could never be reused: neither fresh, nor to be validated, nor to be served stale.</summary>
    NoFreshness,

    /// <summary>Longer than <c>MaxEntrySize</c>.</summary>
    TooLarge,

    /// <summary>It has more tags than an entry may have, or one that is too long.</summary>
    TooManyTags,

    /// <summary>There is no proof that it is complete.</summary>
    Incomplete,

    /// <summary>The replica has no position in the log yet, so there is no stamp.</summary>
    NoPosition,

    /// <summary>It varies by <c>Accept-Encoding</c> and has a coding that <see cref="ContentCoding.Normalize"/> does not tell apart.</summary>
    UnknownCoding,

    /// <summary>A stream of events: it belongs to the one who listens, and usually has no end.</summary>
    EventStream,

    /// <summary>A policy written in C# does not store it, or was not asked.</summary>
    Policy,
}

/// <summary>An exchange with the origin, as far as the decision to store depends on it.</summary>
public readonly record struct Exchange
{
    /// <summary>Makes one without request directives or credentials.</summary>
    public Exchange() => RequestDirectives = CacheControl.None;

    /// <summary>The request's method.</summary>
    public required string Method { get; init; }

    /// <summary>The request's directives, where they count.</summary>
    public CacheControl RequestDirectives { get; init; }

    /// <summary>Whether the request carried <c>Authorization</c>, or another credential that counts as it.</summary>
    public bool Authorized { get; init; }

    /// <summary>The final status.</summary>
    public required int Status { get; init; }

    /// <summary>The response's fields.</summary>
    public required HeaderFields Response { get; init; }

    /// <summary>The response's directives that count for this cache.</summary>
    public required CacheControl Effective { get; init; }

    /// <summary>Its freshness lifetime.</summary>
    public required FreshnessLifetime Lifetime { get; init; }

    /// <summary>Whether the policy has stale windows of its own, so that a response that is stale from the start is of use.</summary>
    public bool PolicyKeepsStale { get; init; }
}

/// <summary>Storing responses (RFC 9111 §3).</summary>
public static class Storability
{
    private static readonly ImmutableArray<string> s_labels =
    [
        "stored", "method", "status", "request-no-store", "no-store", "private", "authorization", "set-cookie", "vary-any", "no-freshness",
        "too-large", "too-many-tags", "incomplete", "no-position", "unknown-coding", "event-stream", "policy",
    ];

    /// <summary>The value as metrics and <c>Cache-Status</c> show it: lower case with dashes.</summary>
    public static string Label(Storable storable) => (uint)storable < (uint)s_labels.Length ? s_labels[(int)storable] : "unknown";

    /// <summary>Whether a shared cache may store it under <c>"Ttl": "Origin"</c>, which is RFC 9111 §3, §3.5 and no more.</summary>
    public static Storable UnderOrigin(in Exchange exchange)
    {
        var (directives, response) = (exchange.Effective, exchange.Response);
        if (!IsMethodStored(exchange.Method)) return Storable.Method;
        if (!IsStatusStored(exchange)) return Storable.Status;
        if (exchange.RequestDirectives.NoStore) return Storable.RequestNoStore;

        // §5.2.2.3: who understands the status may ignore the no-store beside it, who does not must not store at all.
        if (directives.MustUnderstand ? !StatusFacts.IsUnderstood(exchange.Status) : directives.NoStore) return Storable.NoStore;
        if (directives.Private) return Storable.Private;
        if (exchange.Authorized && !IsForOthersToo(directives)) return Storable.Authorization;
        if (OfContent(response) is var content && content != Storable.Yes) return content;
        if (SetsCookie(response, directives) && !exchange.Lifetime.IsExplicit) return Storable.SetCookie;

        var allowed = exchange.Lifetime.IsExplicit
            || (MethodFacts.IsCacheable(exchange.Method) && (directives.Public || StatusFacts.IsHeuristicallyCacheable(exchange.Status)));
        return allowed && IsOfUse(exchange) ? Storable.Yes : Storable.NoFreshness;
    }

    /// <summary>Whether it may be stored under a policy with a TTL of its own (DESIGN 3), for a status that the policy stores.</summary>
    /// <param name="status">The final status.</param>
    /// <param name="response">The response's fields.</param>
    /// <param name="effective">The response's directives that count for this cache.</param>
    public static Storable UnderPolicy(int status, HeaderFields response, CacheControl effective)
    {
        // A fill for such a policy sends no Range: an unasked 206 is a part of something.
        if (status == 206 || StatusFacts.IsNeverStored(status)) return Storable.Status;
        if (effective.NoStore) return Storable.NoStore;
        if (effective.Private) return Storable.Private;
        if (SetsCookie(response, effective)) return Storable.SetCookie;
        return OfContent(response);
    }

    private static Storable OfContent(HeaderFields response)
    {
        if (IsEventStream(response["Content-Type"].ToString())) return Storable.EventStream;
        if (!Vary.TryParse(response["Vary"], out var names)) return Storable.VaryAny;
        // A coding that normalising leaves out would reach clients that never named it.
        return names.Contains("accept-encoding") && !ContentCoding.IsKnown(response["Content-Encoding"]) ? Storable.UnknownCoding : Storable.Yes;
    }

    private static bool IsEventStream(ReadOnlySpan<char> type)
    {
        var end = type.IndexOf(';');
        return (end < 0 ? type : type[..end]).Trim().Equals("text/event-stream", StringComparison.OrdinalIgnoreCase);
    }

    // HEAD has no content to store; POST only with explicit freshness (RFC 9110 §9.3.3), which the caller's policy asks for by naming it.
    private static bool IsMethodStored(string method) => method is "GET" or "QUERY" or "POST";

    private static bool IsStatusStored(in Exchange exchange) =>
        exchange.Status == 206
            ? exchange.Method == "GET" && ContentRange.TryParse(exchange.Response["Content-Range"], out var range) && range.IsSatisfied
            : !StatusFacts.IsNeverStored(exchange.Status);

    private static bool IsForOthersToo(CacheControl directives) =>
        directives.Public || directives.MustRevalidate || directives.SharedMaxAge is not null;

    private static bool SetsCookie(HeaderFields response, CacheControl directives) =>
        response.Contains("Set-Cookie") && !directives.Excludes("Set-Cookie");

    private static bool IsOfUse(in Exchange exchange)
    {
        var directives = exchange.Effective;
        if (exchange.Lifetime.Value > TimeSpan.Zero && !directives.NoCache) return true;
        if (!Freshening.ValidatorsOf(exchange.Response).IsEmpty) return true;
        return !Freshness.ForbidsStale(directives, exchange.PolicyKeepsStale)
            && (exchange.PolicyKeepsStale || directives.StaleWhileRevalidate > TimeSpan.Zero || directives.StaleIfError > TimeSpan.Zero);
    }
}
