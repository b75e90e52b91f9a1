using CacheProxy.Engine.Invalidation;
using CacheProxy.Management.Authentication;

namespace CacheProxy.Management.Purging;

/// <summary>The guide's <c>DELETE …/cache/clear[?pattern=]</c>, with the guide's answer, field for field.</summary>
internal sealed class ClearEndpoint(ManagementOptions options, Purger purger) : IManagementEndpoint
{
    public string Path => options.ClearPath;

    public string Method => HttpMethods.Delete;

    public Permission Needs => Permission.Purge;

    public async Task HandleAsync(HttpContext context, string caller)
    {
        // A misspelt or empty 'pattern' must not clear everything.
        if (!QueryReader.TryRead(context.Request.Query, ["pattern"], out var problem))
        {
            await problem.WriteAsync(context);
            return;
        }

        var pattern = QueryReader.Value(context.Request.Query, "pattern");
        var invalidation = pattern is null ? Invalidation.OfEverything : new() { Patterns = [pattern] };
        if (Purger.TooLarge(invalidation) is { } tooLarge)
        {
            await tooLarge.WriteAsync(context);
            return;
        }

        if (await purger.PurgeAsync(context, invalidation, InvalidationSource.Operator, caller) is not var (_, count)) return;
        var message = pattern is null ? $"Cleared all {count.Matched} cache entries" : $"Cleared {count.Matched} cache entries matching pattern: {pattern}";
        await ManagementJson.WriteAsync(context, new(message, count.Matched, pattern ?? "all", count.Complete ? null : Purger.Counted(count)), ManagementJson.Default.ClearBody);
    }
}
