namespace CacheProxy.Client.Events;

/// <summary>The event types that the shipped configuration maps (<c>Invalidation:Events</c> of routes.json), and the built-in one.</summary>
public static class CacheEventTypes
{
    /// <summary>A training run completed: new numbers.</summary>
    public const string TrainingCompleted = "model.training.completed";

    /// <summary>A training run failed.</summary>
    public const string TrainingFailed = "model.training.failed";

    /// <summary>A run changed its status.</summary>
    public const string StatusChanged = "model.status.changed";

    /// <summary>A run's description or visibility changed.</summary>
    public const string Updated = "model.updated";

    /// <summary>A run was deleted.</summary>
    public const string Deleted = "model.deleted";

    /// <summary>The proxy's built-in event: its data is a <see cref="CacheInvalidation"/>.</summary>
    public const string Invalidate = "cache.invalidate";
}
