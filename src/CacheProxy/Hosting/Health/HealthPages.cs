using CacheProxy.Hosting.Shutdown;
using CacheProxy.Management;

namespace CacheProxy.Hosting.Health;

/// <summary>
/// <c>/healthz/live</c> and <c>/healthz/ready</c> on the operators' listener. Neither asks Redis or the origin: without them the proxy still
/// serves what it can, and to restart it or take it out would make things worse.
/// </summary>
internal sealed class HealthPages(Readiness readiness)
{
    /// <summary>Whether the process runs at all.</summary>
    public const string LivePath = "/healthz/live";

    /// <summary>Whether requests should be sent here.</summary>
    public const string ReadyPath = "/healthz/ready";

    public IEnumerable<OperatorsPage> All()
    {
        yield return new(LivePath, context => WriteAsync(context, StatusCodes.Status200OK, "live\n"));
        yield return new(ReadyPath, context => readiness.IsReady
            ? WriteAsync(context, StatusCodes.Status200OK, "ready\n")
            : WriteAsync(context, StatusCodes.Status503ServiceUnavailable, readiness.IsDraining ? "draining\n" : "starting\n"));
    }

    private static Task WriteAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentLength = text.Length;
        return context.Response.WriteAsync(text, context.RequestAborted);
    }
}
