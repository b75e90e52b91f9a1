using System.Globalization;
using Launcher;

namespace Processes;

/// <summary>A sample in a process of its own, on a free port.</summary>
public sealed class SampleProcess : RunningProcess
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    private SampleProcess(ChildProcess child, Uri url) : base(child) => Url = url;

    public Uri Url { get; }

    /// <param name="project">Its folder in <c>samples/</c>.</param>
    /// <param name="settings">Environment variables; null removes one.</param>
    public static async Task<SampleProcess> StartAsync(string project, IReadOnlyDictionary<string, string?>? settings = null)
    {
        var url = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Ports.Free()}"));
        var environment = new Dictionary<string, string?>(settings ?? new Dictionary<string, string?>()) { ["ASPNETCORE_URLS"] = url.ToString() };
        // Its own folder, where its settings are.
        var child = ChildProcess.Start($"sample {project} at {url}", Build.Sample(project), environment, LogFile("sample"), Path.Combine(Build.Root, "samples", project));
        var sample = new SampleProcess(child, url);
        return await WhenReadyAsync(
            sample, Readiness.WaitAsync(child, new Uri(url, "healthz").ToString(), Limit, TimeProvider.System, CancellationToken.None));
    }
}
