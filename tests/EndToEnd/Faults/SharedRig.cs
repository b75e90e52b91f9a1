using EndToEnd.Wire;
using Processes;
using StackExchange.Redis;

namespace EndToEnd.Faults;

/// <summary>Replicas on one Redis before one origin, made anew for each test that breaks something.</summary>
internal sealed class SharedRig : IAsyncDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly List<ProxyProcess> _replicas = [];

    public ScriptedOrigin Origin { get; } = new();

    public RedisServer Redis { get; set; } = null!;

    public IReadOnlyList<ProxyProcess> Replicas => _replicas;

    public static async Task<SharedRig> StartAsync(int replicas, string? address = null, IReadOnlyDictionary<string, string?>? settings = null, params IReadOnlyList<string> redis)
    {
        var rig = new SharedRig { Redis = await RedisServer.StartAsync(null, redis) };
        for (var i = 0; i < replicas; i++) await rig.AddAsync(address ?? rig.Redis.Address, settings);
        return rig;
    }

    public async Task<ProxyProcess> AddAsync(string address, IReadOnlyDictionary<string, string?>? settings = null, bool untilLease = true)
    {
        var replica = await ProxyProcess.StartAsync(new ProxySettings
        {
            RoutesPath = RoutesText.Write(RoutesText.For(Origin.Url)),
            Redis = address,
            Settings = settings ?? new Dictionary<string, string?>(),
        });
        _replicas.Add(replica);
        if (untilLease) await HasLeaseAsync(replica);
        return replica;
    }

    public static Task HasLeaseAsync(ProxyProcess replica) =>
        Poll.UntilAsync(async () => await ProxyRig.MetricAsync(replica, "cacheproxy_lease_valid") == 1, Limit, () => $"No lease: {replica.Output}");

    public Task<WireReply> GetAsync(int replica, string target) => WireClient.AskAsync(_replicas[replica].Url, target);

    public Task<WireReply> PurgeAsync(int replica, string body) => WireClient.AskAsync(
        _replicas[replica].Url, "/_cache/invalidate", $"Content-Type: application/json\r\nAuthorization: Bearer {ProxyProcess.OperatorToken()}", "POST", body);

    public Task<ConnectionMultiplexer> ConnectAsync() => ConnectionMultiplexer.ConnectAsync($"{Redis.Address},allowAdmin=true");

    public async ValueTask DisposeAsync()
    {
        foreach (var replica in _replicas) await replica.DisposeAsync();
        await Redis.DisposeAsync();
        await Origin.DisposeAsync();
    }
}
