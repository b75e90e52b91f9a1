using CacheProxy.Hosting.Health;

namespace CacheProxy.Hosting.Commands;

/// <summary>
/// <c>CacheProxy health [--Setting:Name value]…</c>: asks the running proxy whether it is ready, at the address that the same arguments give
/// to it. For health checks of containers, which have no curl.
/// </summary>
public static class HealthCommand
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(3);

    /// <summary>Asks at the operators' address of the settings.</summary>
    /// <returns>The exit code: 0 when it is ready.</returns>
    public static async Task<int> RunAsync(IConfiguration configuration, TextWriter output, TextWriter error)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, HealthPages.ReadyPath);
        return await OperatorsListener.AskAsync(configuration, request, output, error, s_timeout);
    }
}
