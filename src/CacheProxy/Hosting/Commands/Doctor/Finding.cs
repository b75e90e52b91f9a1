using System.Text.Json.Serialization;

namespace CacheProxy.Hosting.Commands.Doctor;

/// <summary>Something that is wrong around the proxy.</summary>
/// <param name="Check">What was looked at, in kebab case; stable.</param>
/// <param name="Problem">What is wrong, and what comes of it.</param>
/// <param name="Remedy">What to do.</param>
public sealed record Finding(string Check, string Problem, string Remedy)
{
    /// <summary>One line; no full stop after what may be a command.</summary>
    public override string ToString() => $"{Check}: {Problem}. {Remedy}";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(IReadOnlyList<Finding>))]
internal sealed partial class FindingJson : JsonSerializerContext;
