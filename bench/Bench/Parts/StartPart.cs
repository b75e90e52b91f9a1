using System.Globalization;
using Bench.Measuring;
using Bench.Servers;
using Launcher;
using Processes;

namespace Bench.Parts;

/// <summary>The native build: how large, how soon it answers, how much memory it holds under load.</summary>
internal static class StartPart
{
    private const double Mebibyte = 1024 * 1024;

    public static async Task<Table> MeasureAsync(BenchOptions options)
    {
        var program = await PublishAsync();
        Environment.SetEnvironmentVariable("CACHEPROXY_PROGRAM", program);
        try
        {
            await using var origin = await RunningServer.BareAsync(Pinning.Load);
            var starts = new List<double>();
            for (var i = 0; i < options.Starts; i++)
                starts.Add(await FirstAnswerAsync(origin.Url));

            await using var proxy = await BenchProxy.StartAsync(origin.Url);
            var atStart = ProcessFigures.ResidentMebibytes(proxy.Id);
            await Wrk.RunAsync(new Uri(proxy.Url, BenchProxy.Target), options.WarmUp);
            var loaded = ProcessFigures.ResidentMebibytes(proxy.Id);

            var size = new FileInfo(program).Length / Mebibyte;
            return new Table("Native AOT", "", "file MiB", "first answer ms", "RSS at start MiB", "RSS under load MiB")
                .Row("CacheProxy", Text(size), Text(Statistics.Median(starts)), Text(atStart), Text(loaded))
                .Judge("First answer (from the launch, through the proxy, from the origin)", Statistics.Median(starts), 200, 100, " ms")
                .Judge("RSS under load", loaded, 90, 60, " MiB")
                .Judge("File", size, 40, 25, " MiB");
        }
        finally
        {
            Environment.SetEnvironmentVariable("CACHEPROXY_PROGRAM", null);
        }
    }

    private static async Task<double> FirstAnswerAsync(Uri origin)
    {
        var time = TimeProvider.System;
        using var http = new HttpClient();
        var started = time.GetTimestamp();
        await using var proxy = await BenchProxy.LaunchAsync(origin);
        var target = new Uri(proxy.Url, BenchProxy.Target);
        // Without a pause: the poll would be coarser than what it measures.
        while (true)
        {
            try
            {
                using var response = await http.GetAsync(target);
                response.EnsureSuccessStatusCode();
                return time.GetElapsedTime(started).TotalMilliseconds;
            }
            catch (HttpRequestException e) when (e.StatusCode is null && !proxy.HasExited && time.GetElapsedTime(started) < TimeSpan.FromSeconds(30))
            {
            }
        }
    }

    private static async Task<string> PublishAsync()
    {
        var folder = Path.Combine(Build.Root, "publish", "bench");
        Console.WriteLine("publishing the native build (some minutes) …");
        await using var publish = ChildProcess.Start(
            "dotnet publish",
            [DotnetHost.Path, "publish", Path.Combine(Build.Root, "src/CacheProxy"), "-c", "Release", "-v", "q", "--nologo", "--use-current-runtime", "-o", folder],
            new Dictionary<string, string?>(), Path.GetTempFileName(), Build.Root);
        await publish.WaitAsync();
        return publish.ExitCode == 0
            ? Path.Combine(folder, "CacheProxy")
            : throw new InvalidOperationException($"The native build failed (it needs Debian's clang and zlib1g-dev):\n{string.Join('\n', publish.LastLines)}");
    }

    private static string Text(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);
}
