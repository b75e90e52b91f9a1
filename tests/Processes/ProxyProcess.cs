using System.Globalization;
using Launcher;

namespace Processes;

/// <summary>How a proxy under test is configured; each entry of <see cref="Settings"/> wins over what the fixture sets.</summary>
public sealed record ProxySettings
{
    /// <summary>A routes file; null takes the one that ships.</summary>
    public string? RoutesPath { get; init; }

    /// <summary>Where the shipped routes' cluster points.</summary>
    public Uri? Origin { get; init; }

    /// <summary>StackExchange.Redis' form or a URL; null for memory only.</summary>
    public string? Redis { get; init; }

    /// <summary>The port of one that ended before, to come back as it; null for a free one.</summary>
    public int? Port { get; init; }

    /// <summary>Environment variables, for instance <c>Consistency__Lease</c>; null removes one.</summary>
    public IReadOnlyDictionary<string, string?> Settings { get; init; } = new Dictionary<string, string?>();

    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>A command that runs the proxy, for instance <c>taskset -c 0</c>; it must replace itself by the proxy.</summary>
    public IReadOnlyList<string> Prefix { get; init; } = [];

    /// <summary>Waits for the operators' readiness before <c>StartAsync</c> returns.</summary>
    public bool WaitUntilReady { get; init; } = true;
}

/// <summary>A proxy in a process of its own, on free ports of 127.0.0.1.</summary>
public sealed class ProxyProcess : RunningProcess
{
    // As long as a machine takes that is busy with much else: of an hour of restarts none must fail for that.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);

    private ProxyProcess(ChildProcess child, int port, int adminPort) : base(child)
    {
        Url = Local(port);
        AdminUrl = Local(adminPort);
    }

    public Uri Url { get; }

    public Uri AdminUrl { get; }

    /// <summary>What signs events for every proxy of this test run.</summary>
    public static string WebhookSecret => DevelopmentKeys.Proxy.WebhookSecret;

    /// <summary>An operator's token with the given scopes, separated by spaces.</summary>
    /// <param name="scope">The scopes.</param>
    /// <param name="time">The clock that it is valid by; null for the machine's.</param>
    public static string OperatorToken(string scope = "cache:read cache:purge", TimeProvider? time = null) =>
        DevelopmentKeys.Proxy.CreateToken(Playground.ProxyAudience, "operator", scope, time ?? TimeProvider.System);

    public static async Task<ProxyProcess> StartAsync(ProxySettings? settings = null)
    {
        settings ??= new ProxySettings();
        var (port, adminPort) = (settings.Port ?? Ports.Free(), Ports.Free());
        var environment = DevelopmentKeys.Bearer(DevelopmentKeys.Proxy, Playground.ProxyAudience);
        environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        environment["ASPNETCORE_URLS"] = Local(port).ToString();
        environment["Admin__Url"] = Local(adminPort).ToString();
        environment["Routes__Path"] = settings.RoutesPath ?? Path.Combine(Build.Root, "config/routes.json");
        environment["Webhooks__Secrets__0"] = WebhookSecret;
        environment["ConnectionStrings__Redis"] = settings.Redis;
        environment["REDIS_URL"] = null;
        if (settings.Origin is not null)
            environment["ReverseProxy__Clusters__models__Destinations__backend__Address"] = settings.Origin.ToString();
        foreach (var (key, value) in settings.Settings)
            environment[key] = value;

        var child = ChildProcess.Start(
            $"proxy on port {port}", [.. settings.Prefix, .. Build.Proxy, .. settings.Arguments], environment, LogFile("proxy"), Build.Root);
        var proxy = new ProxyProcess(child, port, adminPort);
        return settings.WaitUntilReady ? await WhenReadyAsync(proxy, proxy.WaitUntilReadyAsync()) : proxy;
    }

    public Task WaitUntilReadyAsync() =>
        Readiness.WaitAsync(Child, new Uri(AdminUrl, "healthz/ready").ToString(), Limit, TimeProvider.System, CancellationToken.None);

    private static Uri Local(int port) => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
}
