using System.Globalization;
using Launcher;

namespace Processes;

/// <summary>The models backend in a process of its own, on a free port, with a database of its own.</summary>
public sealed class BackendProcess : RunningProcess
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    private BackendProcess(ChildProcess child, int port, string database) : base(child)
    {
        Url = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        Database = database;
    }

    public Uri Url { get; }

    /// <summary>The SQLite file, to start another one on after a crash.</summary>
    public string Database { get; }

    /// <summary>A token that makes <paramref name="subject"/> the caller.</summary>
    public static string OwnerToken(string subject) =>
        DevelopmentKeys.Backend.CreateToken(Playground.BackendAudience, subject, scope: null, TimeProvider.System);

    /// <param name="targets">The proxies that are told of changes.</param>
    /// <param name="port">The port of one that ended before; null for a free one.</param>
    /// <param name="database">The database of one that ended before; null for a new one.</param>
    /// <param name="prefix">A command that runs the backend; it must replace itself by the backend.</param>
    public static async Task<BackendProcess> StartAsync(
        IReadOnlyList<Uri>? targets = null, int? port = null, string? database = null, IReadOnlyList<string>? prefix = null)
    {
        var chosen = port ?? Ports.Free();
        database ??= Path.Combine(Directory.CreateTempSubdirectory("cacheproxy-backend-").FullName, "models.db");
        var environment = DevelopmentKeys.Bearer(DevelopmentKeys.Backend, Playground.BackendAudience);
        environment["ASPNETCORE_ENVIRONMENT"] = "Development";
        environment["ASPNETCORE_URLS"] = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{chosen}");
        environment["ConnectionStrings__Models"] = $"Data Source={database}";
        environment["CacheProxy__Secret"] = ProxyProcess.WebhookSecret;
        foreach (var (index, target) in (targets ?? []).Index())
            environment[string.Create(CultureInfo.InvariantCulture, $"CacheProxy__Targets__{index}")] = target.ToString();

        var child = ChildProcess.Start($"backend on port {chosen}", [.. prefix ?? [], .. Build.Backend], environment, LogFile("backend"), Build.Root);
        var backend = new BackendProcess(child, chosen, database);
        return await WhenReadyAsync(
            backend, Readiness.WaitAsync(child, new Uri(backend.Url, "healthz").ToString(), Limit, TimeProvider.System, CancellationToken.None));
    }

    /// <summary>A port for a backend that starts later than the proxy that points to it.</summary>
    public static int FreePort() => Ports.Free();
}
