using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Caching.Explaining;

/// <summary>The application's own routing without what comes after it: which endpoint would take a request.</summary>
internal sealed class RouteProbe
{
    private RequestDelegate _routing = static _ => Task.CompletedTask;

    /// <summary>Takes the routing of the application over, once it is put together.</summary>
    public void Use(RequestDelegate routing) => _routing = routing;

    /// <summary>Routes the request: sets its endpoint and its route values.</summary>
    public Task RouteAsync(HttpContext context) => _routing(context);
}
