using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Caching;

/// <summary>
/// What a request's target is called in the cache: its implicit <c>uri:</c> tag, and the primary key that the policy of its route gives
/// (DESIGN 3), normalised as the target of a stored response is. <c>PURGE</c> asks it before routing has run.
/// </summary>
public interface ITargetNames
{
    /// <summary>The names of the target of this request, whatever its method, as keys and tags of a hard purge; never throws on what a client sent.</summary>
    Invalidation.Invalidation Of(HttpContext context);
}
