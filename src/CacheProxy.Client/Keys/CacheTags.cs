namespace CacheProxy.Client.Keys;

/// <summary>The tags of the shipped policies: what the guide's <c>invalidate_model_cache</c> and <c>invalidate_comparison_cache</c> named.</summary>
public static class CacheTags
{
    /// <summary>Every comparison.</summary>
    public const string Comparisons = "comparisons";

    /// <summary>Everything that was made from one run, comparisons with it included.</summary>
    /// <param name="modelRunId">The run's id; a UUID in any spelling.</param>
    /// <exception cref="ArgumentException">The id is empty, <c>.</c> or <c>..</c>.</exception>
    public static string Model(string modelRunId) => "model:" + CacheKeys.Value(modelRunId);
}
