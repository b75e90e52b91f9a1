using CacheProxy.Engine.Policies;

namespace CacheProxy.Engine.Invalidation;

/// <summary>From filled templates to invalidations.</summary>
public static class EventMapNames
{
    /// <summary>The invalidation of these names. Too many of them become everything only where the caller says so: see <see cref="Invalidation.MaxNames"/>.</summary>
    public static Invalidation ToInvalidation(this InvalidationNames names) => new()
    {
        Keys = names.Keys,
        Tags = names.Tags,
        Patterns = names.Patterns,
        Everything = names.Everything,
        Mode = Enum.Parse<InvalidationMode>(names.Mode),
    };
}
