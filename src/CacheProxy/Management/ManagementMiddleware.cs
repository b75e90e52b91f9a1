using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using CacheProxy.Management.Authentication;
using CacheProxy.Management.Purging;

namespace CacheProxy.Management;

/// <summary>
/// Answers everything that is ours before routing, so that none of it can reach the backend, and everything on the operators' listener,
/// where nothing is proxied. A client's request costs a few comparisons here and no allocation.
/// </summary>
internal sealed class ManagementMiddleware
{
    private readonly RequestDelegate _next;
    private readonly ManagementOptions _options;
    private readonly OperatorAuthenticator _authenticator;
    private readonly IManagementEndpoint _purge;
    private readonly FrozenDictionary<string, IManagementEndpoint[]> _endpoints;
    private readonly FrozenDictionary<string, OperatorsPage> _pages;

    public ManagementMiddleware(
        RequestDelegate next, ManagementOptions options, OperatorAuthenticator authenticator,
        IEnumerable<IManagementEndpoint> endpoints, IEnumerable<OperatorsPage> pages, PurgeEndpoint purge)
    {
        _next = next;
        _options = options;
        _authenticator = authenticator;
        _purge = purge;
        _endpoints = endpoints.GroupBy(endpoint => endpoint.Path, StringComparer.OrdinalIgnoreCase)
            .ToFrozenDictionary(group => group.Key, group => group.ToArray(), StringComparer.OrdinalIgnoreCase);
        _pages = pages.ToFrozenDictionary(page => page.Path, StringComparer.OrdinalIgnoreCase);
    }

    public Task InvokeAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        if (context.Request.Method == PurgeEndpoint.MethodName) return RunAsync(context, [_purge], path);
        if (_endpoints.TryGetValue(path, out var endpoints)) return RunAsync(context, endpoints, path);
        if (IsOurs(path)) return NotFound(path).WriteAsync(context);
        return context.IsOperatorsListener() ? ShowPageAsync(context, path) : _next(context);
    }

    private bool IsOurs(string path) => IsAtOrBelow(path, _options.Prefix) || IsAtOrBelow(path, _options.StatsPath) || IsAtOrBelow(path, _options.ClearPath);

    /// <summary>An encoded slash counts too, since a backend may decode it and would then see what is ours.</summary>
    private static bool IsAtOrBelow(string path, string root)
    {
        if (!path.StartsWith(root, StringComparison.OrdinalIgnoreCase)) return false;
        var rest = path.AsSpan(root.Length);
        return rest.IsEmpty || rest[0] == '/' || rest.StartsWith("%2f", StringComparison.OrdinalIgnoreCase);
    }

    private async Task RunAsync(HttpContext context, IManagementEndpoint[] endpoints, string path)
    {
        await OffTheSocketsThread();
        if (!_options.OnClientsListener && !context.IsOperatorsListener() && !endpoints[0].AlwaysOnClientsListener)
        {
            await NotFound(path).WriteAsync(context);
            return;
        }

        var method = HttpMethods.IsHead(context.Request.Method) ? HttpMethods.Get : context.Request.Method;
        if (Array.Find(endpoints, endpoint => endpoint.Method == method) is not { } endpoint)
        {
            context.Response.Headers.Allow = string.Join(", ", endpoints.Select(other => other.Method));
            await new Problem(StatusCodes.Status405MethodNotAllowed, "method-not-allowed", "Method not allowed", $"This endpoint answers {context.Response.Headers.Allow} only.").WriteAsync(context);
            return;
        }

        var caller = "";
        if (endpoint.Needs != Permission.None)
        {
            var authentication = await _authenticator.AuthenticateAsync(context.Request, context.RequestAborted);
            if (!await authentication.RequireAsync(context, endpoint.Needs)) return;
            caller = authentication.Subject!;
        }

        await endpoint.HandleAsync(context, caller);
    }

    private async Task ShowPageAsync(HttpContext context, string path)
    {
        await OffTheSocketsThread();
        if (!_pages.TryGetValue(path, out var page))
        {
            await NotFound(path).WriteAsync(context);
            return;
        }
        if (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
        {
            await page.Handler(context);
            return;
        }
        context.Response.Headers.Allow = "GET";
        await new Problem(StatusCodes.Status405MethodNotAllowed, "method-not-allowed", "Method not allowed", "This page answers GET only.").WriteAsync(context);
    }

    // What is listed, matched and counted for operators may take its time, and clients' sockets are not to wait for it (docs/decisions/0007).
    private static ConfiguredTaskAwaitable OffTheSocketsThread() => Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);

    private Problem NotFound(string path) => new(
        StatusCodes.Status404NotFound, "not-found", "Not found",
        IsOurs(path)
            ? $"There is no such endpoint under {_options.Prefix} on this listener, and nothing here is passed to the backend."
            : "This is the operators' listener: nothing is proxied here. Clients use the address of Urls.");
}
