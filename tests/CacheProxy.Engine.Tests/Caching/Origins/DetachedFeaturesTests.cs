using System.Net;
using System.Security.Claims;
using CacheProxy.Engine.Caching.Origins;
using CacheProxy.Engine.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;

namespace CacheProxy.Engine.Tests.Caching.Origins;

/// <summary>The context of a fill shows an endpoint what a server's would, and takes what it sets.</summary>
public sealed class DetachedFeaturesTests
{
    private static readonly Endpoint s_endpoint = new(static _ => Task.CompletedTask, EndpointMetadataCollection.Empty, "e");

    [Fact]
    public void Context_OfAFill_ShowsItsRequest()
    {
        var context = new DefaultHttpContext(Features(Request("/base/a%2Fb%20c?x=%41")));

        var request = context.Request;
        Assert.Equal(("POST", "https", "host:81", "HTTP/1.1"), (request.Method, request.Scheme, request.Host.Value, request.Protocol));
        Assert.Equal(("/base", "/a%2Fb c", "?x=%41"), (request.PathBase.Value, request.Path.Value, request.QueryString.Value));
        Assert.Equal("/base/a%2Fb%20c?x=%41", context.Features.Get<IHttpRequestFeature>()!.RawTarget);
        Assert.Equal(("1", "v"), (request.Headers["X-One"], request.RouteValues["id"]));
        Assert.True(context.Features.Get<IHttpRequestBodyDetectionFeature>()!.CanHaveBody);
        Assert.Equal("body", new StreamReader(request.Body).ReadToEnd());
        Assert.Same(s_endpoint, context.GetEndpoint());
        Assert.Equal(IPAddress.Loopback, context.Connection.RemoteIpAddress);
        Assert.False(string.IsNullOrEmpty(context.TraceIdentifier));
        Assert.NotNull(context.Features.Get<IHttpRequestTimeoutFeature>());
        Assert.Empty(context.User.Claims);
    }

    [Fact]
    public void Context_OfWhatIsEverybodys_HasNobodysAddress()
    {
        var request = Request("/a", onlyTheseHeaders: true);
        Assert.Null(new DefaultHttpContext(Features(request)).Connection.RemoteIpAddress);
    }

    [Fact]
    public void Context_WhereTheUserIsKeyed_HasIt()
    {
        var user = new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", "u")], "test"));
        Assert.Same(user, new DefaultHttpContext(Features(Request("/a", user: user))).User);
    }

    [Fact]
    public void Set_WinsOverWhatWasThere_AndNullTakesItAway()
    {
        var features = Features(Request("/a"));
        var before = features.Revision;
        var other = new HttpRequestFeature { Method = "PUT" };

        features.Set<IHttpRequestFeature>(other);
        features.Set<IRouteValuesFeature>(null);

        Assert.Same(other, features.Get<IHttpRequestFeature>());
        Assert.Null(features.Get<IRouteValuesFeature>());
        Assert.True(features.Revision > before);
        Assert.DoesNotContain(features, static feature => feature.Key == typeof(IRouteValuesFeature));
        Assert.Same(other, Assert.Single(features, static feature => feature.Key == typeof(IHttpRequestFeature)).Value);
    }

    [Fact]
    public void Set_MoreThanAreUsual_FindsAllOfThem()
    {
        var features = Features(Request("/a"));
        Type[] keys = [typeof(int), typeof(long), typeof(byte), typeof(char), typeof(bool), typeof(float), typeof(double), typeof(decimal), typeof(string), typeof(Uri)];

        foreach (var key in keys) features[key] = key.Name;

        Assert.All(keys, key => Assert.Equal(key.Name, features[key]));
        Assert.Null(features[typeof(Guid)]);
        Assert.All(features, feature => Assert.Same(feature.Value, features[feature.Key]));
    }

    private static DetachedFeatures Features(OriginRequest request)
    {
        var lifetime = new DetachedLifetime(TimeSpan.Zero, CancellationToken.None);
        return new DetachedFeatures(request, new DetachedResponse(new NoSink(), lifetime, null), lifetime);
    }

    private static OriginRequest Request(string target, bool onlyTheseHeaders = false, ClaimsPrincipal? user = null) => new()
    {
        Endpoint = s_endpoint,
        RouteValues = new Dictionary<string, object?> { ["id"] = "v" },
        Method = "POST",
        Scheme = "https",
        Host = "host:81",
        PathBase = "/base",
        Target = target,
        Headers = new HeaderDictionary { ["X-One"] = "1" },
        Body = "body"u8.ToArray(),
        OnlyTheseHeaders = onlyTheseHeaders,
        User = user,
        ClientAddress = IPAddress.Loopback,
    };

    private sealed class NoSink : IOriginSink
    {
        public void OnHead(int status, HeaderFields headers) => throw new InvalidOperationException("Nothing is sent.");

        public ValueTask OnBodyAsync(ReadOnlyMemory<byte> chunk, CancellationToken cancellationToken) => throw new InvalidOperationException("Nothing is sent.");
    }
}
