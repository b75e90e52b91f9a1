namespace CacheProxy.Engine.Policies;

/// <summary>A compiled policy.</summary>
public sealed class CachePolicy
{
}
