using System.Collections;
using System.Net;
using CacheProxy.Engine.Policies;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Features.Authentication;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Routing;

namespace CacheProxy.Engine.Caching.Origins;

/// <summary>
/// What a fill's context is made of. The request side is one object under all its interfaces, as the server has it: a miss pays for each
/// object, and for a table of them most. What the endpoint sets itself stands in a short list, and wins.
/// </summary>
internal sealed class DetachedFeatures : IFeatureCollection, IHttpRequestFeature, IHttpRequestBodyDetectionFeature, IHttpConnectionFeature,
    IHttpRequestIdentifierFeature, IEndpointFeature, IRouteValuesFeature, IHttpAuthenticationFeature
{
    private const int UsuallySet = 8;
    private readonly DetachedResponse _response;
    private readonly DetachedLifetime _lifetime;
    private readonly bool _hasBody;
    private (Type Key, object? Value)[] _set = new (Type, object?)[UsuallySet];
    private int _count;

    public DetachedFeatures(OriginRequest request, DetachedResponse response, DetachedLifetime lifetime)
    {
        (_response, _lifetime) = (response, lifetime);
        var target = RequestTarget.Parse(request.Target);
        // As the server reads it: an escaped slash stays one.
        var path = PathString.FromUriComponent(target.Path).Value!;
        Method = request.Method;
        Scheme = request.Scheme;
        PathBase = path.StartsWith(request.PathBase, StringComparison.OrdinalIgnoreCase) ? request.PathBase : "";
        Path = path[PathBase.Length..];
        QueryString = target.Query is null ? "" : "?" + target.Query;
        RawTarget = request.Target;
        Headers = request.Headers;
        Headers.Host = request.Host;
        _hasBody = request.Body is not null;
        Body = request.Body is { } body ? new MemoryStream(body.ToArray(), writable: false) : Stream.Null;
        // Whose address it is that came first has no part in a response that is everybody's.
        RemoteIpAddress = request.OnlyTheseHeaders ? null : request.ClientAddress;
        Endpoint = request.Endpoint;
        RouteValues = new RouteValueDictionary(request.RouteValues);
        User = request.User;
    }

    public bool IsReadOnly => false;

    /// <inheritdoc />
    public int Revision { get; private set; }

    public string Protocol { get; set; } = HttpProtocol.Http11;

    public string Scheme { get; set; }

    public string Method { get; set; }

    public string PathBase { get; set; }

    public string Path { get; set; }

    public string QueryString { get; set; }

    public string RawTarget { get; set; }

    public IHeaderDictionary Headers { get; set; }

    public Stream Body { get; set; }

    bool IHttpRequestBodyDetectionFeature.CanHaveBody => _hasBody;

    public string ConnectionId { get; set; } = "fill";

    public IPAddress? RemoteIpAddress { get; set; }

    public IPAddress? LocalIpAddress { get; set; }

    public int RemotePort { get; set; }

    public int LocalPort { get; set; }

    public string TraceIdentifier
    {
        // Those who log ask for it, and nobody else.
        get => field ??= new HttpRequestIdentifierFeature().TraceIdentifier;
        set;
    }

    public Endpoint? Endpoint { get; set; }

    public RouteValueDictionary RouteValues { get; set; }

    public System.Security.Claims.ClaimsPrincipal? User { get; set; }

    public object? this[Type key]
    {
        get => IndexOf(key) is var at && at < _count ? _set[at].Value : Own(key);
        set
        {
            Revision++;
            var at = IndexOf(key);
            if (at == _set.Length) Array.Resize(ref _set, 2 * at);
            if (at == _count) _count++;
            _set[at] = (key, value);
        }
    }

    public TFeature? Get<TFeature>() => (TFeature?)this[typeof(TFeature)];

    public void Set<TFeature>(TFeature? instance) => this[typeof(TFeature)] = instance;

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator()
    {
        for (var i = 0; i < _count; i++)
            if (_set[i].Value is { } value) yield return new(_set[i].Key, value);
        foreach (var key in s_own)
            if (IndexOf(key) == _count && Own(key) is { } value) yield return new(key, value);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static readonly Type[] s_own =
    [
        typeof(IHttpRequestFeature), typeof(IHttpResponseFeature), typeof(IHttpResponseBodyFeature), typeof(IHttpResponseTrailersFeature),
        typeof(IHttpRequestLifetimeFeature), typeof(IHttpRequestTimeoutFeature), typeof(IHttpRequestBodyDetectionFeature), typeof(IHttpConnectionFeature),
        typeof(IHttpRequestIdentifierFeature), typeof(IEndpointFeature), typeof(IRouteValuesFeature), typeof(IHttpAuthenticationFeature),
    ];

    // Where it stands among those that were set, or would be added.
    private int IndexOf(Type key)
    {
        var at = 0;
        while (at < _count && _set[at].Key != key) at++;
        return at;
    }

    private object? Own(Type key)
    {
        if (key == typeof(IHttpResponseFeature) || key == typeof(IHttpResponseBodyFeature) || key == typeof(IHttpResponseTrailersFeature)) return _response;
        if (key == typeof(IHttpRequestLifetimeFeature) || key == typeof(IHttpRequestTimeoutFeature)) return _lifetime;
        // Without a user the context makes one itself, and keeps it here.
        if (key == typeof(IHttpAuthenticationFeature)) return User is null ? null : this;
        foreach (var own in s_own)
            if (own == key) return this;
        return null;
    }
}
