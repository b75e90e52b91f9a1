using Processes;

namespace EndToEnd.Launching;

/// <summary><c>CacheProxy health</c>, which finds the proxy by the settings that the proxy was given, wherever they were given.</summary>
public sealed class HealthTests
{
    private static readonly Dictionary<string, string?> s_nobody = new() { ["Admin__Url"] = "http://127.0.0.1:1" };

    [Fact]
    public async Task Address_OnTheCommandLine_WinsOverTheEnvironmentAsItDoesForTheProxy()
    {
        await using var proxy = await ProxyProcess.StartAsync();
        var url = proxy.AdminUrl.ToString().TrimEnd('/');

        var (exit, output) = await ProxyCommand.RunAsync(["health", "--Admin:Url", url], s_nobody);
        Assert.True(exit == 0, output);
        (exit, output) = await ProxyCommand.RunAsync(["health", $"--Kestrel:Endpoints:Admin:Url={url}"], s_nobody);
        Assert.True(exit == 0, output);

        (exit, output) = await ProxyCommand.RunAsync(["health"], s_nobody);
        Assert.Equal(1, exit);
        Assert.Contains("No answer from http://127.0.0.1:1/healthz/ready", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Arguments_ThatTheProxyRefuses_AreRefusedInItsWords()
    {
        var (exit, output) = await ProxyCommand.RunAsync(["health", "--to", "nowhere"], s_nobody);

        Assert.Equal(1, exit);
        Assert.Contains("--to: \"nowhere\" is no URL", output, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled", output, StringComparison.Ordinal);
    }
}
