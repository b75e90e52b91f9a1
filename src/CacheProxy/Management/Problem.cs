using CacheProxy.Engine.Caching.Serving;

namespace CacheProxy.Management;

/// <summary>An error of ours, as RFC 9457 writes it.</summary>
/// <param name="Status">The status code.</param>
/// <param name="Code">The stable last part of its <c>type</c>, in kebab case.</param>
/// <param name="Title">What kind of error it is, the same each time.</param>
/// <param name="Detail">What happened, to what, and what to do.</param>
public readonly record struct Problem(int Status, string Code, string Title, string Detail)
{
    /// <summary>Writes it as the whole response; nothing when the response has begun already.</summary>
    /// <param name="context">Whose response it is.</param>
    /// <param name="retryAfter">The time after which a retry makes sense.</param>
    public Task WriteAsync(HttpContext context, TimeSpan? retryAfter = null) =>
        context.Response.HasStarted ? Task.CompletedTask : ProblemWriter.WriteAsync(context, Status, Code, Title, Detail, retryAfter);
}
