using Processes;

namespace EndToEnd.Wire;

/// <summary>A proxy of a test's own before a scripted origin, for tests that break the process or need settings of their own.</summary>
internal sealed class StandaloneRig : IAsyncDisposable
{
    private StandaloneRig(ScriptedOrigin origin, ProxyProcess proxy, string routesPath) => (Origin, Proxy, RoutesPath) = (origin, proxy, routesPath);

    public ScriptedOrigin Origin { get; }

    public ProxyProcess Proxy { get; }

    public Uri Url => Proxy.Url;

    public string RoutesPath { get; }

    /// <param name="settings">Environment variables of the proxy.</param>
    /// <param name="prefix">A command that runs the proxy.</param>
    /// <param name="redis">Where its Redis is; null for memory only.</param>
    /// <param name="waitUntilReady">False returns as soon as the process runs.</param>
    public static async Task<StandaloneRig> StartAsync(
        IReadOnlyDictionary<string, string?>? settings = null, IReadOnlyList<string>? prefix = null, string? redis = null, bool waitUntilReady = true)
    {
        var origin = new ScriptedOrigin();
        var routes = RoutesText.Write(RoutesText.For(origin.Url));
        var proxy = await ProxyProcess.StartAsync(new ProxySettings
        {
            RoutesPath = routes,
            Redis = redis,
            Settings = settings ?? new Dictionary<string, string?>(),
            Prefix = prefix ?? [],
            WaitUntilReady = waitUntilReady,
        });
        return new StandaloneRig(origin, proxy, routes);
    }

    public Task<WireReply> GetAsync(string target, string fields = "") => WireClient.AskAsync(Url, target, fields);

    public Task<double> MetricAsync(string series) => ProxyRig.MetricAsync(Proxy, series);

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        await Origin.DisposeAsync();
    }
}
