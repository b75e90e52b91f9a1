namespace CacheProxy.Engine;

/// <summary>What a replica without a lease does.</summary>
public enum OnLostLease
{
    /// <summary>It answers from the origin only.</summary>
    Origin,

    /// <summary>Its memory goes on answering for up to <c>Consistency:ServeFor</c>.</summary>
    Serve,
}
