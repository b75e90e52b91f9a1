using System.Reflection;

namespace CacheProxy.Management;

/// <summary>The program's version, as <c>--version</c>, the metrics and the start-up summary show it.</summary>
/// <param name="Text">For instance <c>0.1.0</c>.</param>
public sealed record BuildVersion(string Text)
{
    /// <summary>What this assembly was built as, without the commit.</summary>
    public static BuildVersion Current { get; } = new(
        (typeof(BuildVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0").Split('+')[0]);
}
