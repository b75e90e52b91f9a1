using System.Runtime.InteropServices;
using CacheProxy.Management;

namespace CacheProxy.Hosting.Commands;

/// <summary><c>CacheProxy --version</c>.</summary>
public static class VersionCommand
{
    /// <summary>Writes the version, the runtime and the machine's kind.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(TextWriter output)
    {
        await output.WriteLineAsync($"CacheProxy {BuildVersion.Current.Text} ({RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier})");
        return 0;
    }
}
