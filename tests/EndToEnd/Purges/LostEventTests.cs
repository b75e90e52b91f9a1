using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Processes;
using Xunit.Abstractions;

namespace EndToEnd.Purges;

/// <summary>
/// SIGKILL of the backend, of either proxy and of Redis, at random, while runs are changed again and again: in the end every change was
/// delivered, and no replica serves an old version. <c>CHANGES</c> makes it longer: see <c>tests/purges.sh</c>.
/// </summary>
public sealed class LostEventTests(ITestOutputHelper output) : IAsyncLifetime, IDisposable
{
    private const int Runs = 8;
    private const string Models = "/api/v1/models/";
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(2) }) { Timeout = TimeSpan.FromSeconds(20) };
    private readonly ProxyProcess[] _proxies = new ProxyProcess[2];
    private RedisServer _redis = null!;
    private BackendProcess _backend = null!;
    private volatile bool _ended;
    private int _asked;
    private int _confirmed;

    private static int Changes { get; } = Setting("CHANGES") ?? 200;

    private static TimeSpan Limit { get; } = TimeSpan.FromSeconds(Setting("CHANGES_SECONDS") ?? 60);

    [RedisFact]
    public async Task Changes_EverythingIsKilledAtRandom_AllAreDeliveredAndNothingOldIsServed()
    {
        var ids = await StartAsync();
        var kills = Task.Run(KillAsync);

        await Task.WhenAll(ids.Select(id => Task.Run(() => ChangeAsync(id))));
        _ended = true;
        var killed = await kills;

        await Poll.UntilAsync(async () => await PendingAsync() == 0, s_limit, () => "the outbox is not empty");
        foreach (var id in ids)
        {
            var current = await NameAsync(_backend.Url, id);
            Assert.NotNull(current);
            foreach (var proxy in _proxies)
            {
                // Once from wherever it was, once from memory.
                Assert.Equal(current, await NameAsync(proxy.Url, id));
                Assert.Equal(current, await NameAsync(proxy.Url, id));
            }
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_asked} changes asked for, {_confirmed} confirmed, {killed} processes killed"));
        Assert.True(_confirmed > 0, "no change was confirmed");
        Assert.True(killed > 0, "nothing was killed");
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _ended = true;
        if (_backend is not null) await _backend.DisposeAsync();
        foreach (var proxy in _proxies)
            if (proxy is not null) await proxy.DisposeAsync();
        if (_redis is not null) await _redis.DisposeAsync();
    }

    public void Dispose() => _http.Dispose();

    private async Task<string[]> StartAsync()
    {
        _redis = await RedisServer.StartAsync();
        var port = BackendProcess.FreePort();
        var settings = Settings(port);
        _proxies[0] = await ProxyProcess.StartAsync(settings);
        _proxies[1] = await ProxyProcess.StartAsync(settings);
        _backend = await BackendProcess.StartAsync([.. _proxies.Select(p => p.Url)], port);
        var ids = new string[Runs];
        for (var i = 0; i < Runs; i++)
        {
            var accepted = await SendAsync(HttpMethod.Post, new Uri(_backend.Url, Models + "train"), """{"name":"0","public":true,"parameters":{"trees":1}}""");
            ids[i] = JsonDocument.Parse(accepted!).RootElement.GetProperty("model_run_id").GetString()!;
        }

        foreach (var id in ids) await Poll.UntilAsync(async () => await NameAsync(_backend.Url, id) is not null, s_limit, () => "a run was not trained");
        return ids;
    }

    /// <summary>One change after the other; each read afterwards, at every replica, so that there is something old to serve.</summary>
    private async Task ChangeAsync(string id)
    {
        var time = TimeProvider.System;
        var started = time.GetTimestamp();
        while (Volatile.Read(ref _confirmed) < Changes && time.GetElapsedTime(started) < Limit)
        {
            var body = string.Create(CultureInfo.InvariantCulture, $$"""{"name":"{{Interlocked.Increment(ref _asked)}}"}""");
            if (await SendAsync(HttpMethod.Patch, new Uri(_backend.Url, Models + "train/" + id), body) is not null) Interlocked.Increment(ref _confirmed);
            else await Task.Delay(s_pause, time);
            foreach (var proxy in _proxies) await NameAsync(proxy.Url, id);
        }
    }

    private async Task<int> KillAsync()
    {
        var random = new Random(7);
        var killed = 0;
        while (!_ended)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(500, 4_000)), TimeProvider.System);
            var which = random.Next(4);
            killed++;
            switch (which)
            {
                case 0:
                    await _backend.KillAsync();
                    var old = _backend;
                    _backend = await BackendProcess.StartAsync([.. _proxies.Select(p => p.Url)], old.Url.Port, old.Database);
                    break;
                case 1:
                    await _redis.KillAsync();
                    _redis = await RedisServer.StartAsync(_redis.Port);
                    break;
                default:
                    var at = which - 2;
                    var port = _proxies[at].Url.Port;
                    await _proxies[at].KillAsync();
                    _proxies[at] = await ProxyProcess.StartAsync(Settings(_backend.Url.Port) with { Port = port });
                    break;
            }
        }

        return killed;
    }

    private ProxySettings Settings(int backend) => new()
    {
        RoutesPath = Routes(backend),
        Redis = _redis.Address,
        Settings = new Dictionary<string, string?> { ["Consistency__Lease"] = "600ms", ["Logging__LogLevel__Default"] = "Warning" },
    };

    private async Task<string?> NameAsync(Uri server, string id)
    {
        var text = await SendAsync(HttpMethod.Get, new Uri(server, $"{Models}train/{id}/result"), body: null);
        return text is null ? null : JsonDocument.Parse(text).RootElement.GetProperty("name").GetString();
    }

    private async Task<int> PendingAsync()
    {
        var text = await SendAsync(HttpMethod.Get, new Uri(_backend.Url, "/healthz"), body: null);
        if (text is null) return -1;
        var outbox = JsonDocument.Parse(text).RootElement.GetProperty("outbox");
        Assert.Equal(0, outbox.GetProperty("dead").GetInt32());
        return outbox.GetProperty("pending").GetInt32();
    }

    /// <summary>The body of a success; null for anything else, since who is killed does not answer.</summary>
    private async Task<string?> SendAsync(HttpMethod method, Uri uri, string? body)
    {
        using var request = new HttpRequestMessage(method, uri);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", BackendProcess.OwnerToken("owner"));
        }

        try
        {
            using var response = await _http.SendAsync(request);
            return response.IsSuccessStatusCode ? await response.Content.ReadAsStringAsync() : null;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException)
        {
            return null;
        }
    }

    private static string Routes(int backend)
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("cacheproxy-lost-").FullName, "routes.json");
        File.WriteAllText(path, string.Create(CultureInfo.InvariantCulture, $$"""
            {
              "ReverseProxy": {
                "Routes": {
                  "result": { "ClusterId": "models", "OutputCachePolicy": "result", "Match": { "Path": "/api/v1/models/train/{model_run_id}/result" } },
                  "rest": { "ClusterId": "models", "Order": 1000, "Match": { "Path": "/{**rest}" } } },
                "Clusters": { "models": { "Destinations": { "one": { "Address": "http://127.0.0.1:{{backend}}" } } } }
              },
              "CachePolicies": { "result": { "Key": "result:{model_run_id|uuid}", "Ttl": "1h", "Tags": [ "model:{model_run_id|uuid}" ] } },
              "Invalidation": { "Events": {
                "model.training.completed": { "Tags": [ "model:{model_run_id|uuid}" ] },
                "model.training.failed": { "Tags": [ "model:{model_run_id|uuid}" ] },
                "model.status.changed": { "Tags": [ "model:{model_run_id|uuid}" ] },
                "model.updated": { "Tags": [ "model:{model_run_id|uuid}" ] },
                "model.deleted": { "Tags": [ "model:{model_run_id|uuid}" ] } } }
            }
            """));
        return path;
    }

    private static int? Setting(string name) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
}
