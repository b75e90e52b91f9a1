using System.Globalization;

namespace Launcher;

/// <summary>
/// Everything that <c>run.sh</c> starts, in the order in which it is needed, and ended in the reverse one:
/// Redis ─▶ backend ─▶ proxies.
/// </summary>
internal sealed class Playground : IAsyncDisposable
{
    /// <summary>Whom operators' tokens are for; a contract with <c>docs/configuration.md</c>.</summary>
    public const string ProxyAudience = "cacheproxy";

    public const string BackendAudience = "models";

    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(15);

    private readonly LaunchOptions _options;
    private readonly string _root;
    private readonly TimeProvider _time;
    private readonly Action<string> _print;
    private readonly SourceBuild _build;
    private readonly List<ChildProcess> _children = [];
    private EmbeddedRedis? _redis;

    public Playground(LaunchOptions options, string root, TimeProvider time, Action<string> print)
    {
        (_options, _root, _time, _print) = (options, root, time, print);
        _build = new SourceBuild(root);
    }

    private string RedisAddress => _options.RedisUrl ?? string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_options.RedisPort}");

    /// <summary>Runs until <paramref name="stop"/> or until one of the programs ends. Returns only on a stop.</summary>
    /// <exception cref="LaunchException">Something could not start, or ended by itself.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        var started = _time.GetTimestamp();
        DemandFreePorts();
        await BuildAsync(stop);
        var proxySecrets = DevelopmentSecrets.LoadOrCreate(DevelopmentSecrets.PathOf("playground-cacheproxy"));
        var backendSecrets = DevelopmentSecrets.LoadOrCreate(DevelopmentSecrets.PathOf("playground-modelsbackend"));
        StartRedis();

        var backend = Start("backend", _build.Backend, BackendEnvironment(proxySecrets, backendSecrets));
        var proxies = Enumerable.Range(0, _options.Replicas)
            .Select(i => Start(_options.Replicas == 1 ? "proxy" : $"proxy-{i + 1}", _build.Proxy, ProxyEnvironment(i, proxySecrets)))
            .ToList();
        await Readiness.WaitAsync(backend, $"{BackendUrl}/healthz", ReadyLimit, _time, stop);
        _print($"backend      ready on {BackendUrl}");
        for (var i = 0; i < proxies.Count; i++)
        {
            await Readiness.WaitAsync(proxies[i], $"{AdminUrl(i)}/healthz/ready", ReadyLimit, _time, stop);
            _print($"{proxies[i].Name,-12} ready on {ClientUrl(i)}, operators on {AdminUrl(i)}");
        }

        _print($"all ready after {_time.GetElapsedTime(started).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s");
        _print(Welcome(proxySecrets, backendSecrets, await Readiness.AnswersAsync(AdminUrl(0), stop)));
        await WatchAsync(stop);
    }

    public async ValueTask DisposeAsync()
    {
        // Proxies and backend together: neither needs the other to end.
        await Task.WhenAll(_children.Select(async child =>
        {
            if (!await child.StopAsync(Grace))
                _print($"{child.Name} did not end within {Grace.TotalSeconds:0} s and was killed");
        }));
        foreach (var child in _children)
            await child.DisposeAsync();
        _redis?.Dispose();
    }

    private string BackendUrl => $"http://localhost:{_options.BackendPort}";

    private string ClientUrl(int replica) => $"http://localhost:{_options.ClientPort(replica)}";

    private string AdminUrl(int replica) => $"http://127.0.0.1:{_options.AdminPort(replica)}";

    private void DemandFreePorts()
    {
        List<(int, string, string)> ports = [(_options.BackendPort, "the models backend", "--backend-port")];
        if (_options.RedisUrl is null)
            ports.Add((_options.RedisPort, "the embedded Redis-compatible server", "--redis-port, or set REDIS_URL"));
        for (var i = 0; i < _options.Replicas; i++)
        {
            ports.Add((_options.ClientPort(i), $"proxy {i + 1}", "--proxy-port"));
            ports.Add((_options.AdminPort(i), $"the operators of proxy {i + 1}", "--proxy-port"));
        }

        Ports.DemandFree(ports);
    }

    private async Task BuildAsync(CancellationToken stop)
    {
        if (!_options.Build)
        {
            if (!_build.Exists)
                throw new LaunchException("Nothing was built before (src/CacheProxy and src/ModelsBackend, Release): start without --no-build.");
            _print("build        what was built before");
            return;
        }

        if (_build.IsUpToDate())
        {
            _print("build        up to date");
            return;
        }

        _print("build        proxy and backend (the first time takes a minute or two)");
        await _build.RunAsync(_time, line => _print("  " + line), stop);
    }

    private void StartRedis()
    {
        if (_options.RedisUrl is not null)
        {
            _print("redis        the one that REDIS_URL names");
            return;
        }

        _redis = EmbeddedRedis.Start(_options.RedisPort);
        _print($"redis        embedded (Microsoft.Garnet) on {RedisAddress}");
    }

    private ChildProcess Start(string name, string dll, Dictionary<string, string?> environment)
    {
        _print($"{name,-12} starting");
        var child = ChildProcess.Start(
            name, [DotnetHost.Path, dll], environment, Path.Combine(_root, ".run/logs", name + ".log"), _root,
            _options.Verbose ? line => _print($"{name,-12} {line}") : null);
        _children.Add(child);
        return child;
    }

    private Dictionary<string, string?> ProxyEnvironment(int replica, DevelopmentSecrets secrets) => new()
    {
        ["ASPNETCORE_ENVIRONMENT"] = "Development",
        ["ASPNETCORE_URLS"] = ClientUrl(replica),
        ["Admin__Url"] = AdminUrl(replica),
        ["Routes__Path"] = Path.Combine(_root, "config/routes.json"),
        ["ReverseProxy__Clusters__models__Destinations__backend__Address"] = BackendUrl,
        ["ConnectionStrings__Redis"] = RedisAddress,
        ["Webhooks__Secrets__0"] = secrets.WebhookSecret,
        ["Authentication__Schemes__Bearer__ValidIssuer"] = DevelopmentSecrets.Issuer,
        ["Authentication__Schemes__Bearer__ValidAudiences__0"] = ProxyAudience,
        ["Authentication__Schemes__Bearer__SigningKeys__0__Issuer"] = DevelopmentSecrets.Issuer,
        ["Authentication__Schemes__Bearer__SigningKeys__0__Value"] = secrets.SigningKey,
    };

    private Dictionary<string, string?> BackendEnvironment(DevelopmentSecrets proxy, DevelopmentSecrets own) => new()
    {
        ["ASPNETCORE_ENVIRONMENT"] = "Development",
        ["ASPNETCORE_URLS"] = BackendUrl,
        // One target is enough: a purge is true on every replica once any of them has acknowledged it.
        ["CacheProxy__Targets__0"] = ClientUrl(0),
        ["CacheProxy__Secret"] = proxy.WebhookSecret,
        ["Authentication__Schemes__Bearer__ValidIssuer"] = DevelopmentSecrets.Issuer,
        ["Authentication__Schemes__Bearer__ValidAudiences__0"] = BackendAudience,
        ["Authentication__Schemes__Bearer__SigningKeys__0__Issuer"] = DevelopmentSecrets.Issuer,
        ["Authentication__Schemes__Bearer__SigningKeys__0__Value"] = own.SigningKey,
    };

    private string Welcome(DevelopmentSecrets proxy, DevelopmentSecrets backend, bool hasConsole) => new Welcome
    {
        Clients = [.. Enumerable.Range(0, _options.Replicas).Select(ClientUrl)],
        Operators = [.. Enumerable.Range(0, _options.Replicas).Select(AdminUrl)],
        Backend = BackendUrl,
        HasConsole = hasConsole,
        Redis = _options.RedisUrl is null ? RedisAddress : "the one that REDIS_URL names",
        OperatorToken = proxy.CreateToken(ProxyAudience, "operator", "cache:read cache:purge", _time),
        OwnerToken = backend.CreateToken(BackendAudience, "demo", scope: null, _time),
    }.Render();

    private async Task WatchAsync(CancellationToken stop)
    {
        var ended = await Task.WhenAny(_children.Select(c => WaitAsync(c, stop)));
        if (!stop.IsCancellationRequested)
            throw await Readiness.EndedAsync(await ended);
    }

    private static async Task<ChildProcess> WaitAsync(ChildProcess child, CancellationToken stop)
    {
        await child.WaitAsync(stop);
        return child;
    }
}
