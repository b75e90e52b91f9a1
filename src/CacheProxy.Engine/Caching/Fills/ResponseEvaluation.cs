using System.Collections.Immutable;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Policies.InCode;
using CacheProxy.Engine.Storage;
using Microsoft.Net.Http.Headers;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>
/// What a response's head is worth: whether it may be stored, for how long, and which of its fields. Pure: the request, the head and the
/// times in, a prototype without body, or the reason against it, out.
/// </summary>
internal sealed class ResponseEvaluation(CacheHeaders headers, CacheLimits limits, Random random)
{
    private static readonly HashSet<string> s_neverStored = new(StringComparer.OrdinalIgnoreCase)
    {
        HeaderNames.Age, "X-Cache", "Surrogate-Control",
    };

    /// <param name="request">What was asked.</param>
    /// <param name="status">The status code.</param>
    /// <param name="received">The end-to-end fields as they came.</param>
    /// <param name="stamp">The fill's stamp; <see langword="null"/> forbids storing.</param>
    /// <param name="requestTime">When it was sent.</param>
    /// <param name="responseTime">When the head arrived.</param>
    /// <param name="decision">What policies in C# say of it, where the route's are.</param>
    public (StoredResponse? Prototype, Storable Reason) Evaluate(
        FillRequest request, int status, HeaderFields received, Position? stamp, DateTimeOffset requestTime, DateTimeOffset responseTime,
        ResponseDecision? decision = null)
    {
        var policy = request.Plan.Policy;
        if (stamp is null) return (null, Storable.NoPosition);
        var control = CacheControl.Parse(received[HeaderNames.CacheControl]);
        var effective = policy.FollowsOrigin ? TargetedCacheControl.Parse(received[TargetedCacheControl.FieldName]) ?? control : control;
        var lifetime = Freshness.Of(status, received, effective, responseTime);
        var reason = policy.FollowsOrigin ? UnderOrigin(request, status, received, effective, lifetime) : Storability.UnderPolicy(status, received, effective);
        TimeSpan ttl = default;
        if (reason == Storable.Yes && decision is not null && !decision.TryGetTtl(out ttl)) reason = Storable.Policy;
        if (reason == Storable.Yes && decision is null && !policy.FollowsOrigin && !policy.TryGetTtl(status, out ttl)) reason = Storable.Status;
        if (reason != Storable.Yes) return (null, reason);

        var selecting = new RequestSelection(request.Headers, policy, headers).Selecting(received);
        if (selecting is null) return (null, Storable.VaryAny);
        var added = CacheTags.Read(received, limits.MaxTags);
        ImmutableArray<string> tags = added.Tags.IsEmpty ? request.Plan.Tags : [.. request.Plan.Tags.Union(added.Tags)];
        if (decision is not null) tags = [.. tags.Union(decision.Tags)];
        if (!added.IsComplete || tags.Length > limits.MaxTags || decision is { HasOnlyNames: false }) return (null, Storable.TooManyTags);

        var initialAge = Freshness.InitialAge(received, requestTime, responseTime);
        var prototype = new StoredResponse
        {
            Identity = request.Plan.Identity,
            Name = request.Plan.Name,
            PrimaryKey = request.Plan.PrimaryKey,
            Policy = policy.Name,
            Fingerprint = policy.Fingerprint,
            Tags = tags,
            Stamp = stamp.Value,
            Selecting = selecting.Value,
            Status = status,
            Headers = FieldsToStore(policy, received, effective, responseTime),
            Body = default,
            RequestTime = requestTime,
            ResponseTime = responseTime,
            InitialAge = initialAge,
            FreshUntilAge = policy.FollowsOrigin ? lifetime.Value : initialAge + Jittered(ttl, policy.Jitter),
            StaleWhileRevalidate = policy.FollowsOrigin ? effective.StaleWhileRevalidate ?? policy.StaleWhileRevalidate : policy.StaleWhileRevalidate,
            StaleIfError = policy.FollowsOrigin ? effective.StaleIfError ?? policy.StaleIfError : policy.StaleIfError,
            AlwaysValidate = policy.FollowsOrigin && effective.NoCache,
            MustRevalidate = policy.FollowsOrigin ? Freshness.ForbidsStale(effective, KeepsStale(policy)) : effective.MustRevalidate,
            HasValidator = !Freshening.ValidatorsOf(received).IsEmpty,
            AskedRange = status == 206 ? request.Range : null,
        };
        return (prototype, Storable.Yes);
    }

    /// <summary>The fields for the one who asked, where nothing is stored.</summary>
    public static HeaderFields FieldsToPass(HeaderFields received) =>
        received.Without(static name => CacheTags.IsStripped(name) || string.Equals(name, "X-Cache", StringComparison.OrdinalIgnoreCase));

    private static Storable UnderOrigin(FillRequest request, int status, HeaderFields received, CacheControl effective, FreshnessLifetime lifetime) =>
        Storability.UnderOrigin(new Exchange
        {
            // A HEAD only updates what a GET has stored.
            Method = request.IsHead ? "GET" : request.Method,
            RequestDirectives = request.Directives ?? CacheControl.None,
            Authorized = request.HasCredentials,
            Status = status,
            Response = received,
            Effective = effective,
            Lifetime = lifetime,
            PolicyKeepsStale = KeepsStale(request.Plan.Policy),
        });

    private static HeaderFields FieldsToStore(CachePolicy policy, HeaderFields received, CacheControl effective, DateTimeOffset responseTime)
    {
        var kept = ConnectionFields.ToStore(received, effective)
            .Without(policy, static (name, policy) => s_neverStored.Contains(name) || CacheTags.IsStripped(name) || policy.RemovesHeader(name));
        return HttpDate.TryParse(received[HeaderNames.Date], responseTime, out _) ? kept : kept.With(HeaderNames.Date, HttpDate.Format(responseTime));
    }

    private static bool KeepsStale(CachePolicy policy) => policy.StaleWhileRevalidate > TimeSpan.Zero || policy.StaleIfError > TimeSpan.Zero;

    private TimeSpan Jittered(TimeSpan ttl, double jitter)
    {
        if (jitter <= 0) return ttl;
        lock (random) return ttl * (1 - (jitter * random.NextDouble()));
    }
}
