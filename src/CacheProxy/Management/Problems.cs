using CacheProxy.Engine.Invalidation;

namespace CacheProxy.Management;

/// <summary>The errors that several endpoints share.</summary>
internal static class Problems
{
    public static Problem NotJson { get; } = new(
        StatusCodes.Status415UnsupportedMediaType, "not-json", "Not JSON",
        "The body must be JSON in UTF-8, not encoded, and say so: Content-Type: application/json.");

    /// <summary>One text for all: it must not tell a forger what was wrong.</summary>
    public static Problem BadSignature { get; } = new(
        StatusCodes.Status401Unauthorized, "webhook-refused", "Webhook refused",
        "The webhook is not signed as Standard Webhooks 1.0 with a secret of Webhooks:Secrets, within five minutes.");

    public static Problem InvalidJson(string detail) => new(StatusCodes.Status400BadRequest, "invalid-json", "Invalid JSON", detail);

    public static Problem InvalidInvalidation(string detail) => new(StatusCodes.Status422UnprocessableEntity, "invalid-invalidation", "Invalid invalidation", detail);

    public static Problem InvalidQuery(string detail) => new(StatusCodes.Status400BadRequest, "invalid-query", "Invalid query", detail);

    public static Problem TooLarge(string detail) => new(StatusCodes.Status413PayloadTooLarge, "too-large", "Too large", detail);

    public static Problem TooManyNames(int count) => TooLarge(
        $"The invalidation has {count} names; at most {Invalidation.MaxNames} are taken at once. Nothing was purged. Send several, use a tag or a pattern, or \"everything\": true.");
}
