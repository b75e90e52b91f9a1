namespace CacheProxy.Engine.Policies;

/// <summary>The question to the backend whether this caller may see an entry that all share (DESIGN 9).</summary>
public sealed record AccessCheck
{
    /// <summary>The path on the same cluster, a template.</summary>
    public required string Path { get; init; }

    /// <summary>How long a permission is remembered, at most until a JWT's <c>exp</c>.</summary>
    public required TimeSpan Ttl { get; init; }
}
