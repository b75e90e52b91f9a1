namespace CacheProxy.Engine.Policies;

/// <summary>One thing that is wrong in the configuration, said so that it can be mended without reading code.</summary>
/// <param name="Path">Where: the JSON path, <c>CachePolicies.model-metrics.Ttl</c>.</param>
/// <param name="Value">What stands there; <see langword="null"/> when it is what is missing.</param>
/// <param name="Problem">What is wrong with it, and what to write instead.</param>
public sealed record ConfigurationError(string Path, string? Value, string Problem)
{
    /// <inheritdoc />
    public override string ToString() => Value is null ? $"{Path}: {Problem}" : $"{Path}: \"{Value}\" {Problem}";
}
