using System.Diagnostics;
using System.Net.Http.Headers;
using Launcher;
using Processes;

namespace EndToEnd.Launching;

/// <summary><c>run.sh</c> from end to end, on free ports, with the embedded server.</summary>
public sealed class RunTests
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromMinutes(2);

    [ReleaseBuildFact]
    public async Task Run_UntilSigterm_StartsEverythingAndEndsIt()
    {
        int proxyPort = FreePair(), backendPort = Ports.Free(), redisPort = Ports.Free();
        await using var run = Start(proxyPort, backendPort, redisPort);
        await Poll.UntilAsync(() => run.HasExited || run.LastLines.Any(l => l.Contains("Ctrl-C", StringComparison.Ordinal)), ReadyLimit, () => Text(run));
        Assert.False(run.HasExited, Text(run));

        var token = run.LastLines.Single(l => l.StartsWith("export OPERATOR=", StringComparison.Ordinal)).Split('=', 2)[1];
        using var http = new HttpClient();
        using var metrics = await http.GetAsync(new Uri($"http://localhost:{proxyPort}/api/v1/models/train/abc-123/metrics"));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://localhost:{proxyPort}/api/v1/models/cache/stats");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var stats = await http.SendAsync(request);
        Assert.Equal(200, (int)metrics.StatusCode);
        Assert.Equal(200, (int)stats.StatusCode);
        // The embedded server takes the log's scripts: without a lease it would say false here.
        Assert.Contains("\"available\":true", await stats.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        Assert.True(await run.StopAsync(TimeSpan.FromSeconds(60)), "it did not end by itself: " + Text(run));
        Assert.Equal(0, run.ExitCode);
        Assert.False(Ports.IsTaken(proxyPort) || Ports.IsTaken(backendPort) || Ports.IsTaken(redisPort), "something still listens");
    }

    [ReleaseBuildFact]
    public async Task Run_SignalledAgainWhileItEnds_LeavesNothingBehind()
    {
        int proxyPort = FreePair(), backendPort = Ports.Free(), redisPort = Ports.Free();
        await using var run = Start(proxyPort, backendPort, redisPort);
        await Poll.UntilAsync(() => run.HasExited || run.LastLines.Any(l => l.Contains("Ctrl-C", StringComparison.Ordinal)), ReadyLimit, () => Text(run));
        Assert.False(run.HasExited, Text(run));

        // A program that cannot end by itself: only whoever started it can end it.
        using (var stop = Process.Start("kill", ["-STOP", ProxyOf(run)])) await stop.WaitForExitAsync();
        run.Send(PosixSignalNumber.Terminate);
        await Poll.UntilAsync(() => run.LastLines.Contains("Ending …"), TimeSpan.FromSeconds(10), () => Text(run));
        run.Send(PosixSignalNumber.Terminate);
        await run.WaitAsync().WaitAsync(TimeSpan.FromSeconds(60));

        await Poll.UntilAsync(() => !Ports.IsTaken(proxyPort) && !Ports.IsTaken(backendPort) && !Ports.IsTaken(redisPort), TimeSpan.FromSeconds(10), static () => "something still listens");
    }

    [Fact]
    public async Task Run_PortTaken_NamesItAndEnds()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var taken = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        await using var run = Start(FreePair(), backendPort: taken, Ports.Free());

        await run.WaitAsync().WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"port {taken} for the models backend", Text(run), StringComparison.Ordinal);
    }

    // Secrets of this run only: the developer's own are left alone. Without a build: other tests run these programs at the same time.
    private static ChildProcess Start(int proxyPort, int backendPort, int redisPort) => ChildProcess.Start(
        "launcher",
        [
            DotnetHost.Path, Path.Combine(AppContext.BaseDirectory, "Launcher.dll"), "--no-build",
            "--proxy-port", $"{proxyPort}", "--backend-port", $"{backendPort}", "--redis-port", $"{redisPort}",
        ],
        new Dictionary<string, string?> { ["HOME"] = Directory.CreateTempSubdirectory("cacheproxy-home-").FullName, ["REDIS_URL"] = null },
        RunningProcess.LogFile("launcher"), Build.Root);

    private static string ProxyOf(ChildProcess launcher) => Directory.GetDirectories("/proc")
        .Where(static folder => int.TryParse(Path.GetFileName(folder), out _))
        .Where(folder => Read(folder, "status").Contains($"\nPPid:\t{launcher.Id}\n", StringComparison.Ordinal))
        .Where(static folder => Read(folder, "cmdline").Contains("CacheProxy.dll", StringComparison.Ordinal))
        .Select(static folder => Path.GetFileName(folder)).Single();

    private static string Read(string folder, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, file));
        }
        catch (IOException)
        {
            // A process that has ended meanwhile is not the one.
            return "";
        }
    }

    private static int FreePair()
    {
        int port;
        do
            port = Ports.Free();
        while (Ports.IsTaken(port + 1));
        return port;
    }

    private static string Text(ChildProcess child) => string.Join('\n', child.LastLines);
}
