using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Engine.Policies.InCode;

/// <summary>
/// What the policies of an endpoint decided about a request, copied from the <see cref="OutputCacheContext"/> that they filled: a fill goes on
/// when the request's own context is another request's.
/// </summary>
internal sealed class RequestDecision
{
    private readonly PolicyInCode _policy;
    private readonly TimeSpan? _expiration;
    private readonly ImmutableArray<KeyValuePair<string, string>> _values;
    private readonly StringValues _queryKeys;
    private readonly StringValues _headerNames;
    private readonly StringValues _routeValueNames;
    private readonly string? _prefix;
    private readonly bool _varyByHost;

    private RequestDecision(PolicyInCode policy, OutputCacheContext asked)
    {
        _policy = policy;
        var rules = asked.CacheVaryByRules;
        IsOn = asked.EnableOutputCaching && (asked.AllowCacheLookup || asked.AllowCacheStorage);
        Looks = asked.AllowCacheLookup;
        Stores = asked.AllowCacheStorage;
        Joins = asked.AllowLocking;
        Tags = [.. asked.Tags.Where(static tag => !string.IsNullOrEmpty(tag)).Order(StringComparer.Ordinal)];
        _expiration = asked.ResponseExpirationTimeSpan;
        _values = [.. rules.VaryByValues.OrderBy(static pair => pair.Key, StringComparer.Ordinal)];
        (_queryKeys, _headerNames, _routeValueNames) = (rules.QueryKeys, rules.HeaderNames, rules.RouteValueNames);
        (_prefix, _varyByHost) = (rules.CacheKeyPrefix, rules.VaryByHost);
    }

    /// <summary>Whether there is anything to be looked up or stored.</summary>
    public bool IsOn { get; }

    /// <summary><c>AllowCacheLookup</c>.</summary>
    public bool Looks { get; }

    /// <summary><c>AllowCacheStorage</c>.</summary>
    public bool Stores { get; }

    /// <summary><c>AllowLocking</c>: whether requests for the same wait for each other.</summary>
    public bool Joins { get; }

    /// <summary>The tags, in order.</summary>
    public ImmutableArray<string> Tags { get; }

    /// <summary>Asks the policies. Who comes later in the application finds them by <see cref="IOutputCacheFeature"/>, as with the stock middleware.</summary>
    /// <exception cref="InvalidOperationException">The stock middleware is in the pipeline too.</exception>
    public static async ValueTask<RequestDecision> AskAsync(PolicyInCode policy, HttpContext context)
    {
        if (context.Features.Get<IOutputCacheFeature>() is not null)
            throw new InvalidOperationException("UseOutputCache is in the pipeline beside UseCacheEngine, so that responses would be cached twice and purged once: take UseOutputCache out.");
        var asked = new OutputCacheContext { HttpContext = context };
        context.Features.Set<IOutputCacheFeature>(new AskedFeature(asked));
        foreach (var each in policy.Policies) await each.CacheRequestAsync(asked, context.RequestAborted);
        return new RequestDecision(policy, asked);
    }

    /// <summary>Takes away by what they were found: a request that is executed again, for an error page, is asked about anew.</summary>
    public static void Leave(HttpContext context) => context.Features.Set<IOutputCacheFeature>(null);

    /// <summary>Tells the policies that a stored response is about to be sent.</summary>
    public async Task BeforeHitAsync(HttpContext context, TimeProvider time)
    {
        var asked = context.Features.GetRequiredFeature<IOutputCacheFeature>().Context;
        asked.ResponseTime = time.GetUtcNow();
        foreach (var each in _policy.Policies) await each.ServeFromCacheAsync(asked, context.RequestAborted);
    }

    /// <summary>For one fill: what the policies say of its response.</summary>
    public ResponseDecision OfResponse() => new(this);

    /// <summary>A context on which the policies go on where they were.</summary>
    internal OutputCacheContext ContextOn(HttpContext context)
    {
        var asked = new OutputCacheContext
        {
            HttpContext = context,
            EnableOutputCaching = true,
            AllowCacheLookup = Looks,
            AllowCacheStorage = Stores,
            AllowLocking = Joins,
            ResponseExpirationTimeSpan = _expiration,
        };
        asked.Tags.UnionWith(Tags);
        var rules = asked.CacheVaryByRules;
        (rules.QueryKeys, rules.HeaderNames, rules.RouteValueNames) = (_queryKeys, _headerNames, _routeValueNames);
        (rules.CacheKeyPrefix, rules.VaryByHost) = (_prefix, _varyByHost);
        foreach (var (name, value) in _values) rules.VaryByValues[name] = value;
        context.Features.Set<IOutputCacheFeature>(new AskedFeature(asked));
        return asked;
    }

    internal ImmutableArray<IOutputCachePolicy> Policies => _policy.Policies;

    /// <summary>The compiled policy under which the request is planned.</summary>
    public CachePolicy PolicyFor(HttpContext context, CredentialOptions credentials)
    {
        var request = context.Request;
        var headers = _headerNames.Where(static name => name is not null && PolicyCompiler.CanVary(name)).OfType<string>().ToList();
        return _policy.Under(new VaryingBy(
            request.Method,
            _varyByHost,
            _queryKeys.Contains("*") ? null : VaryingBy.Lines(_queryKeys),
            // Who asks is keyed as a hash, and never kept.
            VaryingBy.Lines(headers.Where(name => !credentials.Contains(name))),
            VariesByCredential(context, credentials)));
    }

    /// <summary>Adds what the compiled policy does not know of: whatever differs in one of these makes another entry.</summary>
    public void AddTo(KeyedFields fields, HttpContext context)
    {
        // Two routes may share a policy, and answer the same target to different requests.
        fields.Add('R', _policy.Route);
        fields.Add('B', context.Request.PathBase.Value ?? "");
        fields.Add('P', _prefix ?? "");
        foreach (var (name, value) in _values)
        {
            fields.Add('N', name);
            fields.Add('V', value ?? "");
        }
        foreach (var name in _routeValueNames)
        {
            if (name is null) continue;
            fields.Add('A', name);
            fields.Add('W', context.Request.RouteValues[name]?.ToString() ?? "");
        }
        // Another build may tag otherwise: what it purges must not be missed by an entry of this one.
        foreach (var tag in Tags) fields.Add('T', tag);
    }

    /// <summary>
    /// The stock policy refuses authenticated requests; one that does not has said that they are cached, each caller by itself. Of fields that
    /// it has not thought of (a cookie, an API key) that can only be said where it varies by them.
    /// </summary>
    private bool VariesByCredential(HttpContext context, CredentialOptions credentials)
    {
        var headers = context.Request.Headers;
        if (headers.Authorization.Count > 0 || context.User.Identity?.IsAuthenticated == true) return true;
        var present = credentials.Headers.Where(name => headers.ContainsKey(name)).ToList();
        return present.Count > 0 && present.TrueForAll(name => _headerNames.Contains(name, StringComparer.OrdinalIgnoreCase));
    }

    private sealed class AskedFeature(OutputCacheContext context) : IOutputCacheFeature
    {
        public OutputCacheContext Context => context;
    }
}
