using System.Net.Http.Headers;
using System.Text;
using Processes;

namespace EndToEnd.FirstMinute;

/// <summary>What <c>run.sh --replicas 2</c> starts, with a real Redis: shared by the tests of a class.</summary>
public sealed class Playing : IAsyncLifetime
{
    private static readonly HttpClient s_http = new();
    private RedisServer? _redis;
    private BackendProcess? _backend;
    private readonly List<ProxyProcess> _proxies = [];

    public IReadOnlyList<ProxyProcess> Proxies => _proxies;

    public async Task InitializeAsync()
    {
        if (!RedisServer.IsInstalled)
            return;
        _redis = await RedisServer.StartAsync();
        // Known before the proxy that the backend tells of changes is there, and the other way round.
        var port = BackendProcess.FreePort();
        var settings = new ProxySettings { Origin = new Uri($"http://127.0.0.1:{port}"), Redis = _redis.Address };
        _proxies.Add(await ProxyProcess.StartAsync(settings));
        _proxies.Add(await ProxyProcess.StartAsync(settings));
        _backend = await BackendProcess.StartAsync([_proxies[0].Url], port);
    }

    /// <summary>The backend crashes; the proxies go on.</summary>
    public Task KillBackendAsync() => _backend!.KillAsync();

    public async Task DisposeAsync()
    {
        if (_backend is not null)
            await _backend.DisposeAsync();
        foreach (var proxy in _proxies)
            await proxy.DisposeAsync();
        if (_redis is not null)
            await _redis.DisposeAsync();
    }

    /// <summary>Sends through the replica with the given index.</summary>
    public async Task<Reply> SendAsync(int replica, HttpMethod method, string target, string? token = null, string? json = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(_proxies[replica].Url, target));
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await s_http.SendAsync(request);
        var cache = response.Headers.TryGetValues("X-Cache", out var values) ? values.Single() : null;
        return new Reply((int)response.StatusCode, cache, await response.Content.ReadAsStringAsync());
    }

    public Task<Reply> GetAsync(int replica, string target, string? token = null) => SendAsync(replica, HttpMethod.Get, target, token);
}

/// <summary>What a client sees.</summary>
public sealed record Reply(int Status, string? Cache, string Body);
