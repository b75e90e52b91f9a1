using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Http;

/// <summary>Where a freshness lifetime comes from, in the order in which it is looked for (RFC 9111 §4.2.1).</summary>
public enum FreshnessSource
{
    /// <summary>There is none.</summary>
    None,

    /// <summary><c>s-maxage</c>.</summary>
    SharedMaxAge,

    /// <summary><c>max-age</c>.</summary>
    MaxAge,

    /// <summary><c>Expires</c>.</summary>
    Expires,

    /// <summary>A share of the time since <c>Last-Modified</c>.</summary>
    Heuristic,
}

/// <summary>How long a response is fresh, counted against its age.</summary>
/// <param name="Value">The lifetime; zero when it is stale from the start.</param>
/// <param name="Source">What says so.</param>
public readonly record struct FreshnessLifetime(TimeSpan Value, FreshnessSource Source)
{
    /// <summary>Whether the origin said so itself.</summary>
    public bool IsExplicit => Source is FreshnessSource.SharedMaxAge or FreshnessSource.MaxAge or FreshnessSource.Expires;
}

/// <summary>Freshness (RFC 9111 §4.2), age (§4.2.3), and what a request makes of them (§5.2.1).</summary>
public static class Freshness
{
    private static readonly CacheControl s_noCache = new() { NoCache = true };

    /// <summary>The longest heuristic lifetime.</summary>
    public static readonly TimeSpan LongestHeuristic = TimeSpan.FromHours(24);

    /// <summary>The freshness lifetime of a response (RFC 9111 §4.2.1, §4.2.2).</summary>
    /// <param name="status">Its status.</param>
    /// <param name="response">Its fields.</param>
    /// <param name="effective">The directives that count for this cache (<see cref="TargetedCacheControl.Effective"/>).</param>
    /// <param name="responseTime">When its head arrived; stands in for a <c>Date</c> that is absent or invalid.</param>
    public static FreshnessLifetime Of(int status, HeaderFields response, CacheControl effective, DateTimeOffset responseTime)
    {
        if (effective.SharedMaxAge is { } shared) return new(shared, FreshnessSource.SharedMaxAge);
        if (effective.MaxAge is { } maxAge) return new(maxAge, FreshnessSource.MaxAge);

        if (!HttpDate.TryParse(response["Date"], responseTime, out var date)) date = responseTime;
        // RFC 9213 §2.2: beside a targeted field Expires does not count.
        var expires = response["Expires"];
        if (expires.Count > 0 && !effective.Targeted)
        {
            // §4.2.1, §5.3: an invalid date, 0 above all, is one in the past; two lines that disagree are invalid.
            var valid = HttpDate.TryParse(expires, responseTime, out var end);
            for (var i = 1; i < expires.Count; i++) valid &= expires[i] == expires[0];
            return new(valid && end > date ? end - date : TimeSpan.Zero, FreshnessSource.Expires);
        }

        if ((StatusFacts.IsHeuristicallyCacheable(status) || effective.Public)
            && HttpDate.TryParse(response["Last-Modified"], responseTime, out var modified) && modified < date)
        {
            var tenth = (date - modified) / 10;
            return new(tenth < LongestHeuristic ? tenth : LongestHeuristic, FreshnessSource.Heuristic);
        }
        return new(TimeSpan.Zero, FreshnessSource.None);
    }

    /// <summary>The age of a response at its arrival, <c>corrected_initial_age</c> of RFC 9111 §4.2.3; never negative.</summary>
    /// <param name="response">Its fields; of an <c>Age</c> with several members the first counts, an invalid one is ignored (§5.1).</param>
    /// <param name="requestTime">When the request for it was sent.</param>
    /// <param name="responseTime">When its head arrived.</param>
    public static TimeSpan InitialAge(HeaderFields response, DateTimeOffset requestTime, DateTimeOffset responseTime)
    {
        var apparent = HttpDate.TryParse(response["Date"], responseTime, out var date) && date < responseTime
            ? responseTime - date
            : TimeSpan.Zero;
        if (!FieldSyntax.TryParseDeltaSeconds(ListReader.First(response["Age"], ""), out var age)) age = TimeSpan.Zero;
        var delay = responseTime > requestTime ? responseTime - requestTime : TimeSpan.Zero;
        var corrected = age + delay;
        return apparent > corrected ? apparent : corrected;
    }

    /// <summary>Whether a response of that age is fresh (RFC 9111 §4.2).</summary>
    public static bool IsFresh(TimeSpan currentAge, TimeSpan lifetime) => lifetime > currentAge;

    /// <summary>The directives of a request; <c>Pragma: no-cache</c> counts where there is no <c>Cache-Control</c> (RFC 9111 §5.4).</summary>
    public static CacheControl OfRequest(IHeaderDictionary request)
    {
        var lines = request.CacheControl;
        if (lines.Count > 0) return CacheControl.Parse(lines);
        var pragma = request.Pragma;
        return pragma.Count > 0 && CacheControl.Parse(pragma).NoCache ? s_noCache : CacheControl.None;
    }

    /// <summary>
    /// Whether a stored response may answer a request without validation, as far as the directives of both say: it is fresh, and fresh enough
    /// (<c>max-age</c>, <c>min-fresh</c>), or stale by no more than the request's <c>max-stale</c>; and neither says <c>no-cache</c>.
    /// </summary>
    /// <param name="request">The request's directives (<see cref="OfRequest"/>); <see cref="CacheControl.None"/> where a policy ignores them.</param>
    /// <param name="response">The response's.</param>
    /// <param name="currentAge">Its age now.</param>
    /// <param name="lifetime">Its freshness lifetime.</param>
    public static bool AllowsRequest(CacheControl request, CacheControl response, TimeSpan currentAge, TimeSpan lifetime)
    {
        if (request.NoCache || response.NoCache) return false;
        if (request.MaxAge is { } maxAge && currentAge > maxAge) return false;
        if (request.MinFresh is { } minFresh && lifetime - currentAge < minFresh) return false;
        if (IsFresh(currentAge, lifetime)) return true;
        return request.MaxStale is { } maxStale && currentAge - lifetime <= maxStale && !ForbidsStale(response);
    }

    /// <summary>Whether the response may never be served stale, whatever else allows it (RFC 9111 §4.2.4, §5.2.2.2, .4, .8, .10).</summary>
    /// <param name="response">The response's directives.</param>
    /// <param name="byPolicy">Whether a policy's own window allows it: that overrides <c>s-maxage</c> alone.</param>
    public static bool ForbidsStale(CacheControl response, bool byPolicy = false) =>
        response.MustRevalidate || response.ProxyRevalidate || response.NoCache || (!byPolicy && response.SharedMaxAge is not null);
}
