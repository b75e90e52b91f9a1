using System.Collections.Frozen;
using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OutputCaching;

namespace CacheProxy.Engine.Policies;

/// <summary>
/// A compiled policy: immutable, made by <see cref="PolicyCompiler"/>. The engine asks it directly; to the stock OutputCache middleware it
/// is an ordinary policy, which decides method, lifetime and statuses there.
/// </summary>
public sealed class CachePolicy : IOutputCachePolicy
{
    internal CachePolicy(PolicyRules rules) => Rules = rules;

    /// <summary>The name under which routes choose it; a metric label.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it is in force.</summary>
    public PolicyMode Mode { get; init; }

    /// <summary>The methods that it answers, in upper case.</summary>
    public required ImmutableArray<string> Methods { get; init; }

    /// <summary>The explicit freshness lifetime; <see langword="null"/> when the origin decides (RFC 9111).</summary>
    public TimeSpan? Ttl { get; init; }

    /// <summary>Whether <c>Ttl</c> is <c>Origin</c>.</summary>
    public bool FollowsOrigin => Ttl is null;

    /// <summary>The share, 0 to 1, by which an entry's lifetime is shortened at most, at random.</summary>
    public double Jitter { get; init; }

    /// <summary>How long after freshness an entry is served at once while it is refreshed (RFC 5861 §3).</summary>
    public TimeSpan StaleWhileRevalidate { get; init; }

    /// <summary>How long after freshness an entry is served when the origin fails (RFC 5861 §4).</summary>
    public TimeSpan StaleIfError { get; init; }

    /// <summary>The share of the lifetime after which a hit refreshes in the background; 0 for never.</summary>
    public double RefreshAhead { get; init; }

    /// <summary>What becomes of the client's <c>Cache-Control</c>.</summary>
    public RequestDirectives RequestDirectives { get; init; }

    /// <summary>The longest body that is stored, in bytes.</summary>
    public long MaxEntrySize { get; init; }

    /// <summary>What is done without a lease; <see langword="null"/> for what <c>Consistency:OnLostLease</c> says.</summary>
    public OnLostLease? OnLostLease { get; init; }

    /// <summary>The request headers that are part of the key and that a fill sends, those that the key names among them.</summary>
    public ImmutableArray<string> VaryByHeader { get; init; } = [];

    /// <summary>Whether each credential has entries of its own.</summary>
    public bool VaryByCredential { get; init; }

    /// <summary>Whether the response is the same for everybody.</summary>
    public bool Shared { get; init; }

    /// <summary>How it is found out who may see the shared entry; <see langword="null"/> for no check.</summary>
    public AccessCheck? AccessCheck { get; init; }

    /// <summary>What a successful unsafe request through the route purges; <see langword="null"/> for nothing.</summary>
    public InvalidationTemplates? InvalidateOnSuccess { get; init; }

    /// <summary>Targets that are fetched at start.</summary>
    public ImmutableArray<string> Warmup { get; init; } = [];

    /// <summary>The share of hits that are fetched again and compared.</summary>
    public double Verify { get; init; }

    /// <summary>Whether a hit may have something done behind it, so that it needs its route.</summary>
    public bool WorksBehindHits => RefreshAhead > 0 || Verify > 0;

    /// <summary>Of key, tags and access, the same in every process: entries with another one are misses.</summary>
    public ulong Fingerprint { get; init; }

    /// <summary>Of the whole policy as written: endpoints made for another one are replaced on a reload.</summary>
    public ulong ContentHash { get; init; }

    /// <summary>Whether bodies are part of the key, so that <see cref="Plan"/> needs them for methods other than GET and HEAD.</summary>
    public bool ReadsBody => Methods.Any(method => method is not ("GET" or "HEAD"));

    /// <summary>
    /// Whether the plan of a GET without credentials, <c>Origin</c> and body, with <c>Accept</c> absent or <c>*/*</c>, depends on nothing but
    /// method, scheme, host and raw target.
    /// </summary>
    public bool DependsOnTargetOnly => VaryByHeader.IsEmpty && !VaryByCredential && AccessCheck is null && !Rules.HasHeaderConditions && Mode == PolicyMode.On;

    /// <summary>Whether a query value can send a request past the cache, so that a memo of targets must know the whole query.</summary>
    public bool TargetDecidesBypass => Rules.Query.Conditions.Length > 0 || Rules.Query.Unknown is UnknownQuery.Bypass or UnknownQuery.Reject;

    /// <summary>The template of the primary key as written; <see langword="null"/> for scheme, host and target.</summary>
    public string? Key => Rules.Key?.Text;

    /// <summary>The templates of the tags as written.</summary>
    public ImmutableArray<string> Tags => [.. Rules.Tags.Select(tag => tag.Text)];

    /// <summary>The lifetimes of statuses; empty when the origin decides.</summary>
    public FrozenDictionary<int, TimeSpan> StatusCodes { get; init; } = FrozenDictionary<int, TimeSpan>.Empty;

    internal PolicyRules Rules { get; }

    internal PlanMemo Memo { get; } = new();

    internal FrozenSet<string> RemovedHeaders { get; init; } = [];

    internal ImmutableArray<string> RemovedHeaderPrefixes { get; init; } = [];

    /// <summary>Whether the policy answers the method.</summary>
    public bool Allows(string method) => Methods.Contains(method);

    /// <summary>The lifetime of a response with an explicit TTL; false when the status is not stored, or the origin decides.</summary>
    public bool TryGetTtl(int status, out TimeSpan ttl) => StatusCodes.TryGetValue(status, out ttl);

    /// <summary>Whether a response header belongs to one request only and is not stored.</summary>
    public bool RemovesHeader(string name)
    {
        if (RemovedHeaders.Contains(name)) return true;
        foreach (var prefix in RemovedHeaderPrefixes)
            if (name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    /// <summary>
    /// Applies the policy to a request, after routing has set the route's values. Pure: neither waits nor changes anything.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="body">Its body for methods other than GET and HEAD, when <see cref="ReadsBody"/>.</param>
    /// <param name="plan">Its plan; <see langword="null"/> when there is a reason to go past the cache.</param>
    public BypassReason Plan(HttpContext context, RequestBody? body, out RequestPlan? plan) => RequestPlanner.Plan(this, context, body, out plan);

    /// <summary>
    /// The primary key that a GET of this request's target has, for those who purge by target; false where it cannot be told without
    /// a body or is incomplete.
    /// </summary>
    public bool TryGetPrimaryKey(HttpContext context, out string? primaryKey) => RequestPlanner.TryGetPrimaryKey(this, context, out primaryKey);

    /// <summary>
    /// What a successful unsafe request purges; <see langword="null"/> when the policy names nothing. A value that is missing makes it
    /// everything: the change has already happened.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="body">Its body, when <see cref="ReadsBodyOnSuccess"/>.</param>
    /// <param name="problem">Why it is everything, for the log; <see langword="null"/> where the names are those of the policy.</param>
    public InvalidationNames? NamesOnSuccess(HttpContext context, RequestBody? body, out string? problem) =>
        RequestPlanner.NamesOnSuccess(this, context, body, out problem);

    /// <summary>Whether <see cref="NamesOnSuccess"/> needs the request's body.</summary>
    public bool ReadsBodyOnSuccess => InvalidateOnSuccess?.Names.Any(name => name.Source == TemplateSource.Body) ?? false;

    /// <inheritdoc />
    public ValueTask CacheRequestAsync(OutputCacheContext context, CancellationToken cancellation)
    {
        var use = Mode == PolicyMode.On && Allows(context.HttpContext.Request.Method) && !FollowsOrigin;
        context.EnableOutputCaching = use;
        context.AllowCacheLookup = use;
        context.AllowCacheStorage = use;
        context.AllowLocking = true;
        context.ResponseExpirationTimeSpan = Ttl;
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc />
    public ValueTask ServeFromCacheAsync(OutputCacheContext context, CancellationToken cancellation) => ValueTask.CompletedTask;

    /// <inheritdoc />
    public ValueTask ServeResponseAsync(OutputCacheContext context, CancellationToken cancellation)
    {
        var response = context.HttpContext.Response;
        if (response.Headers.SetCookie.Count > 0 || !TryGetTtl(response.StatusCode, out var ttl)) context.AllowCacheStorage = false;
        else context.ResponseExpirationTimeSpan = ttl;
        return ValueTask.CompletedTask;
    }

    /// <summary>HEAD is answered from GET's entry (RFC 9110 §9.3.2): they are one in the key.</summary>
    internal static string MethodClass(string method) => method == "HEAD" ? "GET" : method;
}
