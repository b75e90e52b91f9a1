using CacheProxy.Client.Events;
using CacheProxy.Client.Outbox;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CacheProxy.Client.Endpoints;

/// <summary>The guide's <c>@invalidate_cache</c> for minimal APIs.</summary>
public static partial class InvalidatesCacheExtensions
{
    /// <summary>Purges these patterns (Redis' glob language, over primary keys) when the endpoint succeeded.</summary>
    /// <inheritdoc cref="InvalidatesCache{TBuilder}(TBuilder, Func{HttpContext, CacheInvalidation})" path="/remarks"/>
    public static TBuilder InvalidatesCache<TBuilder>(this TBuilder builder, params string[] patterns)
        where TBuilder : IEndpointConventionBuilder
    {
        var invalidation = new CacheInvalidation { Patterns = [.. patterns] };
        return builder.InvalidatesCache(_ => invalidation);
    }

    /// <summary>Purges what the function names when the endpoint succeeded.</summary>
    /// <remarks>
    /// Success is a 2xx or 3xx: nothing is purged after an error or an exception. The client's response starts when every proxy has confirmed, so
    /// that its next read sees the change. When a proxy cannot be told within the attempts allowed, the response goes out all the same, the failure
    /// is logged, and the outbox, where there is one, delivers the purge later. A change that must never be lost belongs into the transactional
    /// outbox instead: a crash between the handler's commit and this filter loses the purge.
    /// </remarks>
    public static TBuilder InvalidatesCache<TBuilder>(this TBuilder builder, Func<HttpContext, CacheInvalidation> what)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(what);
        return builder.AddEndpointFilter(async (invocation, next) =>
        {
            // The status is final only when the response starts, whichever way the handler makes it.
            var context = invocation.HttpContext;
            context.Response.OnStarting(() => context.Response.StatusCode is >= 200 and < 400 ? PurgeAsync(context, what) : Task.CompletedTask);
            return await next(invocation);
        });
    }

    private static async Task PurgeAsync(HttpContext context, Func<HttpContext, CacheInvalidation> what)
    {
        var services = context.RequestServices;
        var logger = services.GetRequiredService<ILogger<CacheEventSender>>();
        var store = services.GetService<IOutboxStore>();
        CacheEvent? purge = null;
        try
        {
            purge = CacheEvent.OfInvalidation(what(context), services.GetRequiredService<TimeProvider>());

            // A client that leaves does not undo the change.
            await services.GetRequiredService<CacheEventSender>().SendAsync(purge, CancellationToken.None);
        }
#pragma warning disable CA1031 // The change has happened: an exception here would turn the client's success into a 500.
        catch (Exception e)
        {
            Log.NotPurged(logger, context.Request.Path, store is not null && purge is not null, e);
            if (store is null || purge is null) return;
            try
            {
                await store.EnqueueAsync("", purge, CancellationToken.None);
                services.GetRequiredService<OutboxSignal>().Raise();
            }
            catch (Exception inner)
            {
                Log.NotKept(logger, context.Request.Path, inner);
            }
        }
#pragma warning restore CA1031
    }

    private static partial class Log
    {
        [LoggerMessage(7301, LogLevel.Error, "{Path} changed something that a proxy could not be told. Kept for later delivery: {Kept}.")]
        public static partial void NotPurged(ILogger logger, string path, bool kept, Exception e);

        [LoggerMessage(7302, LogLevel.Error, "The purge after {Path} could not be kept either: purge by hand, or wait for the TTL.")]
        public static partial void NotKept(ILogger logger, string path, Exception e);
    }
}
