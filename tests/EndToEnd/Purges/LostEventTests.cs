using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Processes;
using Xunit.Abstractions;

namespace EndToEnd.Purges;

/// <summary>
/// SIGKILL of the backend, of either proxy and of Redis, at random, while runs are changed again and again: in the end every change was
/// delivered, and no replica serves an old version. <c>CHANGES</c> and <c>KILLS</c> make it longer: see <c>tests/purges.sh</c>.
/// </summary>
public sealed class LostEventTests(ITestOutputHelper output) : IDisposable
{
    // Each is changed by a writer of its own. While something is down a change takes as long as the backend waits for its caches (3 s), so that
    // only many at once make many.
    private const int Runs = 48;
    private const string Models = "/api/v1/models/";
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(2) }) { Timeout = TimeSpan.FromSeconds(20) };
    private int _asked;
    private int _confirmed;

    private static int Changes { get; } = Setting("CHANGES") ?? 200;

    private static int KillsOfEach { get; } = Setting("KILLS") ?? 0;

    private static TimeSpan Limit { get; } = TimeSpan.FromSeconds(Setting("CHANGES_SECONDS") ?? 60);

    [RedisFact]
    public async Task Changes_EverythingIsKilledAtRandom_AllAreDeliveredAndNothingOldIsServed()
    {
        await using var processes = await KilledProcesses.StartAsync(Routes);
        var ids = await TrainAsync(processes.Backend);
        using var stop = new CancellationTokenSource();
        var started = TimeProvider.System.GetTimestamp();
        var killing = Task.Run(() => processes.KillAsync(stop.Token));

        var last = await Task.WhenAll(ids.Select(id => Task.Run(() => ChangeAsync(processes, id, () =>
            (Volatile.Read(ref _confirmed) < Changes || processes.Killed.Least < KillsOfEach)
            && TimeProvider.System.GetElapsedTime(started) < Limit && !killing.IsCompleted))));
        await stop.CancelAsync();
        await killing;
        var changing = TimeProvider.System.GetElapsedTime(started);

        // What is under way when the last one was killed: the more changes, the longer the outbox may be.
        await Poll.UntilAsync(async () => await PendingAsync(processes.Backend) == 0, s_limit * Math.Max(1, Changes / 1_000), () => "the outbox is not empty");
        foreach (var (id, confirmed) in ids.Zip(last))
        {
            var current = await NameAsync(processes.Backend, id);
            Assert.NotNull(current);
            // What was committed without an answer may be newer.
            Assert.True(int.Parse(current, CultureInfo.InvariantCulture) >= confirmed, $"change {confirmed} of {id} was confirmed, and it is {current}");
            foreach (var proxy in processes.Proxies)
            {
                // Once from wherever it was, once from memory.
                Assert.Equal(current, await NameAsync(proxy, id));
                Assert.Equal(current, await NameAsync(proxy, id));
            }
        }

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{_asked} changes asked for, {_confirmed} confirmed in {changing.TotalMinutes:0.0} minutes; killed: {processes.Killed}; none lost, nothing old served"));
        Assert.True(_confirmed > 0, "no change was confirmed");
        Assert.True(processes.Killed != new Kills(0, 0, 0), "nothing was killed");
        Assert.True(processes.Killed.Least >= KillsOfEach, $"killed: {processes.Killed}");
    }

    public void Dispose() => _http.Dispose();

    private async Task<string[]> TrainAsync(Uri backend)
    {
        var ids = new string[Runs];
        for (var i = 0; i < Runs; i++)
        {
            var accepted = await SendAsync(HttpMethod.Post, new Uri(backend, Models + "train"), """{"name":"0","public":true,"parameters":{"trees":1}}""");
            ids[i] = JsonDocument.Parse(accepted!).RootElement.GetProperty("model_run_id").GetString()!;
        }

        foreach (var id in ids) await Poll.UntilAsync(async () => await NameAsync(backend, id) is not null, s_limit, () => "a run was not trained");
        return ids;
    }

    /// <summary>One change after the other; each read afterwards, at every replica, so that there is something old to serve.</summary>
    /// <returns>The last one that was confirmed.</returns>
    private async Task<int> ChangeAsync(KilledProcesses processes, string id, Func<bool> goesOn)
    {
        var last = 0;
        while (goesOn())
        {
            var change = Interlocked.Increment(ref _asked);
            var body = string.Create(CultureInfo.InvariantCulture, $$"""{"name":"{{change}}"}""");
            if (await SendAsync(HttpMethod.Patch, new Uri(processes.Backend, Models + "train/" + id), body) is not null)
            {
                last = change;
                Interlocked.Increment(ref _confirmed);
            }
            else
            {
                // Not to take the processors away from what is being started.
                await Task.Delay(s_pause, TimeProvider.System);
            }

            foreach (var proxy in processes.Proxies) await NameAsync(proxy, id);
        }

        return last;
    }

    private async Task<string?> NameAsync(Uri server, string id)
    {
        var text = await SendAsync(HttpMethod.Get, new Uri(server, $"{Models}train/{id}/result"), body: null);
        return text is null ? null : JsonDocument.Parse(text).RootElement.GetProperty("name").GetString();
    }

    private async Task<int> PendingAsync(Uri backend)
    {
        var text = await SendAsync(HttpMethod.Get, new Uri(backend, "/healthz"), body: null);
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
