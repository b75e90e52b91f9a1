using System.Diagnostics;
using System.Net;
using System.Security.Claims;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>
/// What a fill keeps of the request that started it: copied before the first wait, so that the client may leave, and its context be used
/// for another request, while the fill goes on.
/// </summary>
internal sealed class FillRequest
{
    /// <param name="context">The client's request.</param>
    /// <param name="demand">What it wants.</param>
    /// <param name="hasCredentials">Whether it counts as authenticated (RFC 9111 §3.5).</param>
    /// <param name="asksHead">Ask for the head only. Else the whole is asked for, also for a HEAD: it is answered from that.</param>
    public FillRequest(HttpContext context, FillDemand demand, bool hasCredentials, bool asksHead = false)
    {
        Plan = demand.Plan;
        HasCredentials = hasCredentials;
        Endpoint = context.GetEndpoint()!;
        // Made by routing for this request alone, and copied for each that the origin is asked by.
        RouteValues = context.Request.RouteValues;
        IsHead = asksHead;
        Method = HttpMethods.IsHead(context.Request.Method) && !asksHead ? HttpMethods.Get : context.Request.Method;
        Scheme = context.Request.Scheme;
        Host = Plan.Policy.Rules.HasHost ? context.Request.Host.Value ?? "" : "";
        PathBase = context.Request.PathBase.Value ?? "";
        // Compiled policies know callers by their fields alone.
        if (Plan is { InCode: not null, Policy.VaryByCredential: true }) User = context.User;
        Headers = new HeaderDictionary(context.Request.Headers.Count);
        foreach (var (name, values) in context.Request.Headers) Headers[name] = values;
        Directives = Plan.Policy.RequestDirectives == RequestDirectives.Honor ? Freshness.OfRequest(Headers) : null;
        ClientAddress = context.Connection.RemoteIpAddress;
        Trace = Activity.Current?.Context ?? default;
        // A range of what is not stored goes as it came where the origin decides; with an explicit TTL the whole is fetched (DESIGN 3).
        var asksRange = Plan.Policy.FollowsOrigin && demand.Stored is null && HttpMethods.IsGet(context.Request.Method) && Headers.Range.Count == 1;
        Range = asksRange ? Headers.Range.ToString() : null;
        Part = demand.Found.Part;
        HasLooked = demand.HasLooked;
    }

    /// <summary>For what no client waits for: the whole, whatever a request behind which it is asked for wanted of it.</summary>
    public FillRequest(HttpContext context, RequestPlan plan, bool hasCredentials, MemoryEntry? stored)
        : this(context, new FillDemand(plan, new MemoryLookup(ServingRight.None, stored, null, false, false), null, 0), hasCredentials) => Range = null;

    private FillRequest(FillRequest other, IHeaderDictionary headers)
    {
        Plan = other.Plan;
        HasCredentials = other.HasCredentials;
        Endpoint = other.Endpoint;
        RouteValues = other.RouteValues;
        Method = other.Method;
        Scheme = other.Scheme;
        Host = other.Host;
        PathBase = other.PathBase;
        Headers = headers;
        ClientAddress = other.ClientAddress;
    }

    /// <summary>The same request with the fields that a fill sends and no others: to be kept.</summary>
    public FillRequest WithSentFieldsOnly(CacheHeaders headers) => new(this, headers.SentOf(this));

    public RequestPlan Plan { get; }

    public bool HasCredentials { get; }

    public Endpoint Endpoint { get; }

    public RouteValueDictionary RouteValues { get; }

    /// <summary>Whether only the head is asked for.</summary>
    public bool IsHead { get; }

    /// <summary>The method that is sent.</summary>
    public string Method { get; }

    /// <summary>The range that the origin is asked for on behalf of the client; <see langword="null"/> for the whole.</summary>
    public string? Range { get; }

    /// <summary>A stored part that may be completed, or united with what comes.</summary>
    public MemoryEntry? Part { get; }

    /// <summary>Whether the shared tier had nothing for it just now.</summary>
    public bool HasLooked { get; }

    public string Scheme { get; }

    public string Host { get; }

    public string PathBase { get; }

    /// <summary>Who asks, where a policy in C# keys it.</summary>
    public ClaimsPrincipal? User { get; }

    public IHeaderDictionary Headers { get; }

    /// <summary>The request's own directives; <see langword="null"/> where the policy does not honour them.</summary>
    public CacheControl? Directives { get; }

    public IPAddress? ClientAddress { get; }

    public ActivityContext Trace { get; }
}
