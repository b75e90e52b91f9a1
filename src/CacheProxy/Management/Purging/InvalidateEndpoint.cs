using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Storage;
using CacheProxy.Management.Authentication;

namespace CacheProxy.Management.Purging;

/// <summary><c>POST /_cache/invalidate</c>: an operator purges, or asks what a purge would take.</summary>
internal sealed class InvalidateEndpoint(ManagementOptions options, Purger purger, IEntryCatalog catalog) : IManagementEndpoint
{
    /// <summary>The longest body, in bytes: more than any body that passes the limit of names.</summary>
    private const int MaxBody = 1024 * 1024;

    public string Path { get; } = options.Prefix + "/invalidate";

    public string Method => HttpMethods.Post;

    public Permission Needs => Permission.Purge;

    public async Task HandleAsync(HttpContext context, string caller)
    {
        using var document = await BoundedBody.ReadJsonAsync(context, MaxBody, "Nothing was purged. Send several invalidations.");
        if (document is null) return;
        if (InvalidationRequest.Read(document.RootElement, out var problem) is not { } request) await problem.WriteAsync(context);
        else if (request.DryRun) await CountAsync(context, request.Invalidation);
        else if (await purger.AppendAsync(context, request.Invalidation, InvalidationSource.Operator, null, caller) is { } receipt)
            await ManagementJson.WriteAsync(context, Purger.Describe(receipt), ManagementJson.Default.ReceiptBody);
    }

    private async Task CountAsync(HttpContext context, Invalidation invalidation)
    {
        var count = await catalog.CountAsync(invalidation, context.RequestAborted);
        await ManagementJson.WriteAsync(context, new(true, count.Matched, Purger.Counted(count), count.HitShare), ManagementJson.Default.DryRunBody);
    }
}
