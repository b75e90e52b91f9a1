using CacheProxy.Engine.Caching;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Management.Authentication;

namespace CacheProxy.Management.Purging;

/// <summary>
/// <c>PURGE &lt;target&gt;</c>: every stored response of that target (RFC 9111 §4.4), whatever its variant. On any path: it never reaches the backend.
/// </summary>
internal sealed class PurgeEndpoint(ITargetNames names, Purger purger) : IManagementEndpoint
{
    /// <summary>The method, as Squid and Varnish know it.</summary>
    public const string MethodName = "PURGE";

    public string Path => "";

    public string Method => MethodName;

    public Permission Needs => Permission.Purge;

    public async Task HandleAsync(HttpContext context, string caller)
    {
        var invalidation = names.Of(context);
        if (invalidation.IsEmpty)
        {
            await Problems.InvalidInvalidation("The target cannot be in the cache under any name. Nothing was purged.").WriteAsync(context);
            return;
        }

        if (await purger.PurgeAsync(context, invalidation, InvalidationSource.Purge, caller) is not var (receipt, count)) return;
        await ManagementJson.WriteAsync(context, Purger.Describe(receipt, count), ManagementJson.Default.ReceiptBody);
    }
}
