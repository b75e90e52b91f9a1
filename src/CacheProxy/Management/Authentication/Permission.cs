namespace CacheProxy.Management.Authentication;

/// <summary>What an endpoint asks of a token.</summary>
internal enum Permission
{
    /// <summary>Nothing: the endpoint has its own check.</summary>
    None,

    /// <summary>The scope <c>cache:read</c>.</summary>
    Read,

    /// <summary>The scope <c>cache:purge</c>.</summary>
    Purge,
}
