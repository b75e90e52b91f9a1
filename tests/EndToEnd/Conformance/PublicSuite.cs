using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Launcher;
using Processes;

namespace EndToEnd.Conformance;

/// <summary>
/// The npm package <c>http-cache-tests</c>, installed outside the repository: its own server is the origin, its own client asks the proxy.
/// </summary>
internal sealed class PublicSuite : IAsyncDisposable
{
    private const string Version = "0.4.5";
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);
    private readonly string _package;
    private readonly ChildProcess _server;

    private PublicSuite(string package, ChildProcess server, Uri origin) => (_package, _server, Origin) = (package, server, origin);

    /// <summary>The suite's server.</summary>
    public Uri Origin { get; }

    public static async Task<PublicSuite> StartAsync()
    {
        var folder = Path.Combine(Path.GetTempPath(), "cacheproxy-tests", $"http-cache-tests-{Version}");
        var package = Path.Combine(folder, "node_modules", "http-cache-tests");
        if (!File.Exists(Path.Combine(package, "cli.mjs")))
        {
            Directory.CreateDirectory(folder);
            await RunAsync("npm", folder, [], "install", "--prefix", folder, "--no-audit", "--no-fund", "--no-save", "--ignore-scripts", $"http-cache-tests@{Version}");
        }
        var origin = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Ports.Free()}"));
        var environment = new Dictionary<string, string?>
        {
            ["npm_config_protocol"] = "http",
            ["npm_config_port"] = origin.Port.ToString(CultureInfo.InvariantCulture),
            ["npm_config_pidfile"] = Path.Combine(folder, $"{Guid.NewGuid():N}.pid"),
        };
        var server = ChildProcess.Start("the suite's server", ["node", "server/server.mjs"], environment, Path.Combine(folder, "server.log"), package);
        await Poll.UntilAsync(() => Ports.IsTaken(origin.Port), TimeSpan.FromSeconds(20), () => string.Join('\n', server.LastLines));
        return new PublicSuite(package, server, origin);
    }

    /// <summary>Runs all tests for caches that are no browsers.</summary>
    /// <returns>Per test whether it passed.</returns>
    public async Task<IReadOnlyDictionary<string, bool>> RunAsync(Uri proxy)
    {
        var address = proxy.ToString().TrimEnd('/');
        var output = await RunAsync("node", _package, [("npm_config_base", address), ("npm_config_id", ""), ("npm_package_config_id", "")], "--no-warnings", "cli.mjs");
        using var results = JsonDocument.Parse(output);
        return results.RootElement.EnumerateObject().ToDictionary(test => test.Name, test => test.Value.ValueKind == JsonValueKind.True);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static async Task<string> RunAsync(string program, string folder, (string Name, string Value)[] environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(s_limit, TimeProvider.System);
        try
        {
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await errors}");
            return output;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end within {s_limit}.");
        }
    }
}
