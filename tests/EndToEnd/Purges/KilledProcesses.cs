using System.Globalization;
using Processes;

namespace EndToEnd.Purges;

/// <summary>How often each was killed.</summary>
internal sealed record Kills(int Backend, int Redis, int Proxies)
{
    public int Least => Math.Min(Backend, Math.Min(Redis, Proxies));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"backend {Backend}, Redis {Redis}, proxies {Proxies}");
}

/// <summary>The backend, two proxies and their Redis, of which one after the other is killed at random and started again.</summary>
internal sealed class KilledProcesses : IAsyncDisposable
{
    private const int ShortestPause = 500;
    private const int LongestPause = 4_000;
    private readonly ProxyProcess[] _proxies = new ProxyProcess[2];
    private readonly Random _random = new(7);
    private readonly string _routes;
    private RedisServer _redis = null!;
    private BackendProcess _backend = null!;

    private KilledProcesses(string routes) => _routes = routes;

    public Uri Backend => _backend.Url;

    public IEnumerable<Uri> Proxies => _proxies.Select(p => p.Url);

    public Kills Killed { get; private set; } = new(0, 0, 0);

    /// <param name="routes">Makes the proxies' routes file for a backend on that port, and gives its path.</param>
    public static async Task<KilledProcesses> StartAsync(Func<int, string> routes)
    {
        var port = BackendProcess.FreePort();
        var processes = new KilledProcesses(routes(port));
        try
        {
            processes._redis = await RedisServer.StartAsync();
            for (var i = 0; i < processes._proxies.Length; i++) processes._proxies[i] = await ProxyProcess.StartAsync(processes.Settings(port: null));
            processes._backend = await BackendProcess.StartAsync([.. processes.Proxies], port);
            return processes;
        }
        catch
        {
            await processes.DisposeAsync();
            throw;
        }
    }

    /// <summary>Goes on until it is told to stop; all of them are running then.</summary>
    public async Task KillAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            // The schedule of the kills.
            await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(ShortestPause, LongestPause)), TimeProvider.System, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stop.IsCancellationRequested) return;
            var which = _random.Next(2 + _proxies.Length);
            switch (which)
            {
                case 0: await KillBackendAsync(); break;
                case 1: await KillRedisAsync(); break;
                default: await KillProxyAsync(which - 2); break;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Of those that a failed start has left out there is none.
        foreach (var process in (RunningProcess?[])[_backend, .. _proxies, _redis])
            if (process is not null) await process.DisposeAsync();
    }

    private async Task KillBackendAsync()
    {
        await _backend.KillAsync();
        Killed = Killed with { Backend = Killed.Backend + 1 };
        _backend = await BackendProcess.StartAsync([.. Proxies], _backend.Url.Port, _backend.Database);
    }

    private async Task KillRedisAsync()
    {
        await _redis.KillAsync();
        Killed = Killed with { Redis = Killed.Redis + 1 };
        _redis = await RedisServer.StartAsync(_redis.Port);
    }

    private async Task KillProxyAsync(int at)
    {
        await _proxies[at].KillAsync();
        Killed = Killed with { Proxies = Killed.Proxies + 1 };
        _proxies[at] = await ProxyProcess.StartAsync(Settings(_proxies[at].Url.Port));
    }

    private ProxySettings Settings(int? port) => new()
    {
        RoutesPath = _routes,
        Redis = _redis.Address,
        Port = port,
        Settings = new Dictionary<string, string?> { ["Consistency__Lease"] = "600ms", ["Logging__LogLevel__Default"] = "Warning" },
    };
}
