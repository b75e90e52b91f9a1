using System.Globalization;
using Processes;

namespace EndToEnd.Wire;

/// <summary>A proxy in a process of its own before a scripted origin: shared by the tests of a class, each of which uses paths of its own.</summary>
public class ProxyRig : IAsyncLifetime
{
    private static int s_paths;

    public ScriptedOrigin Origin { get; } = new();

    public ProxyProcess Proxy { get; private set; } = null!;

    public Uri Url => Proxy.Url;

    public string RoutesPath { get; private set; } = "";

    protected virtual string? Redis => null;

    protected virtual string Routes => RoutesText.For(Origin.Url);

    protected virtual IReadOnlyDictionary<string, string?> Settings { get; } = new Dictionary<string, string?>();

    /// <summary>A path under a route that nobody else uses.</summary>
    // None begins as another does: scripts and counts go by how a path begins.
    public static string Path(string route) => string.Create(CultureInfo.InvariantCulture, $"/{route}/p{Interlocked.Increment(ref s_paths):D6}");

    public virtual async Task InitializeAsync()
    {
        RoutesPath = RoutesText.Write(Routes);
        Proxy = await ProxyProcess.StartAsync(new ProxySettings { RoutesPath = RoutesPath, Redis = Redis, Settings = Settings });
    }

    public virtual async Task DisposeAsync()
    {
        if (Proxy is not null) await Proxy.DisposeAsync();
        await Origin.DisposeAsync();
    }

    public Task<WireReply> GetAsync(string target, string fields = "") => WireClient.AskAsync(Url, target, fields);

    /// <summary>The value of a series at the operators' listener; the sum over all whose labels begin so; 0 without any.</summary>
    public Task<double> MetricAsync(string series) => MetricAsync(Proxy, series);

    public static async Task<double> MetricAsync(ProxyProcess proxy, string series)
    {
        ArgumentNullException.ThrowIfNull(proxy);
        var page = await WireClient.AskAsync(proxy.AdminUrl, "/metrics");
        return page.Text.Split('\n').Where(line => line.StartsWith(series, StringComparison.Ordinal))
            .Sum(static line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }

    /// <summary>Each at once.</summary>
    public static async Task<T[]> AllAsync<T>(int count, Func<int, Task<T>> one) =>
        await Task.WhenAll(Enumerable.Range(0, count).Select(i => Task.Run(() => one(i))));
}

/// <summary>A gate that scripts wait at until the test opens it.</summary>
public sealed class Gate
{
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _waiting;

    /// <summary>How many have come to it.</summary>
    public int Arrived => Volatile.Read(ref _waiting);

    public void Open() => _open.TrySetResult();

    public Task WaitAsync()
    {
        Interlocked.Increment(ref _waiting);
        return _open.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }

    public Task ReachedAsync(int count) =>
        Poll.UntilAsync(() => Arrived >= count, TimeSpan.FromSeconds(30), () => $"{Arrived} of {count} came to the gate");
}
