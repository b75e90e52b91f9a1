using Processes;

namespace EndToEnd.Purges;

/// <summary>Three proxies on one Redis in front of the versioned origin, each a process of its own.</summary>
internal sealed class ThreeReplicas : IAsyncDisposable
{
    private readonly List<ProxyProcess> _proxies = [];

    private readonly RedisServer? _borrowed;

    private ThreeReplicas(VersionedOrigin origin, RedisServer redis, RedisServer? borrowed) => (Origin, Redis, _borrowed) = (origin, redis, borrowed);

    public VersionedOrigin Origin { get; }

    public RedisServer Redis { get; set; }

    public IReadOnlyList<ProxyProcess> Proxies => _proxies;

    public IReadOnlyList<Uri> Urls => [.. _proxies.Select(p => p.Url)];

    /// <param name="lease">Short where faults are to be waited out often; null for the default.</param>
    /// <param name="redis">One that runs already; null for a new one without persistence.</param>
    /// <param name="connection">How the proxies reach it; null for its address.</param>
    /// <param name="settings">More of the proxies' settings.</param>
    public static async Task<ThreeReplicas> StartAsync(
        string? lease = null, RedisServer? redis = null, string? connection = null, IReadOnlyDictionary<string, string?>? settings = null)
    {
        var replicas = new ThreeReplicas(await VersionedOrigin.StartAsync(), redis ?? await RedisServer.StartAsync(), redis);
        var routes = WriteRoutes(replicas.Origin.Url);
        var all = new Dictionary<string, string?>(settings ?? new Dictionary<string, string?>()) { ["Consistency__Lease"] = lease, ["Logging__LogLevel__Default"] = "Warning" };
        var starting = Enumerable.Range(0, 3).Select(_ => ProxyProcess.StartAsync(
            new ProxySettings { RoutesPath = routes, Redis = connection ?? replicas.Redis.Address, Settings = all })).ToArray();
        try
        {
            replicas._proxies.AddRange(await Task.WhenAll(starting));
            return replicas;
        }
        catch
        {
            // Nobody else knows of those that did start.
            foreach (var started in starting) if (started.IsCompletedSuccessfully) replicas._proxies.Add(await started);
            await replicas.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var proxy in _proxies) await proxy.DisposeAsync();
        if (Redis != _borrowed) await Redis.DisposeAsync();
        await Origin.DisposeAsync();
    }

    private static string WriteRoutes(Uri origin)
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("cacheproxy-purges-").FullName, "routes.json");
        File.WriteAllText(path, $$"""
            {
              "ReverseProxy": {
                "Routes": { "items": { "ClusterId": "origin", "OutputCachePolicy": "items", "Match": { "Path": "/{group}/items/{id}" } } },
                "Clusters": { "origin": { "Destinations": { "one": { "Address": "{{origin}}" } } } }
              },
              "CachePolicies": { "items": { "Key": "item:{group}:{id}", "Ttl": "1h", "Tags": [ "group:{group}" ] } },
              "Invalidation": { "Events": {
                "item.changed": { "Keys": [ "item:{group}:{id}" ] },
                "group.changed": { "Tags": [ "group:{group}" ] } } }
            }
            """);
        return path;
    }
}
