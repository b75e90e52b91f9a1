using System.Diagnostics;
using System.Net;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Policies;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>
/// What a fill keeps of the request that started it: copied before the first wait, so that the client may leave, and its context be used
/// for another request, while the fill goes on.
/// </summary>
internal sealed class FillRequest
{
    public FillRequest(HttpContext context, RequestPlan plan, bool hasCredentials)
    {
        Plan = plan;
        HasCredentials = hasCredentials;
        Endpoint = context.GetEndpoint()!;
        RouteValues = new RouteValueDictionary(context.Request.RouteValues);
        Method = HttpMethods.IsHead(context.Request.Method) ? HttpMethods.Get : context.Request.Method;
        Scheme = context.Request.Scheme;
        Host = context.Request.Host.Value ?? "";
        Headers = new HeaderDictionary(context.Request.Headers.Count);
        foreach (var (name, values) in context.Request.Headers) Headers[name] = values;
        Directives = Freshness.OfRequest(Headers);
        ClientAddress = context.Connection.RemoteIpAddress;
        Trace = Activity.Current?.Context ?? default;
    }

    private FillRequest(FillRequest other, IHeaderDictionary headers)
    {
        Plan = other.Plan;
        HasCredentials = other.HasCredentials;
        Endpoint = other.Endpoint;
        RouteValues = other.RouteValues;
        Method = other.Method;
        Scheme = other.Scheme;
        Host = other.Host;
        Headers = headers;
        Directives = CacheControl.None;
        ClientAddress = other.ClientAddress;
    }

    /// <summary>The same request with the fields that a fill sends and no others: to be kept.</summary>
    public FillRequest WithSentFieldsOnly(CacheHeaders headers) => new(this, headers.SentOf(this));

    public RequestPlan Plan { get; }

    public bool HasCredentials { get; }

    public Endpoint Endpoint { get; }

    public RouteValueDictionary RouteValues { get; }

    public string Method { get; }

    public string Scheme { get; }

    public string Host { get; }

    public IHeaderDictionary Headers { get; }

    public CacheControl Directives { get; }

    public IPAddress? ClientAddress { get; }

    public ActivityContext Trace { get; }
}
