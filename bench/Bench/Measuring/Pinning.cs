namespace Bench.Measuring;

/// <summary>The measured server has the first processor for itself, the load and what stands behind it the second.</summary>
internal static class Pinning
{
    public static IReadOnlyList<string> Server { get; } = ["taskset", "-c", "0"];

    public static IReadOnlyList<string> Load { get; } = ["taskset", "-c", Environment.ProcessorCount > 1 ? "1" : "0"];
}
