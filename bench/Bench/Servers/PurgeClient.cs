using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Processes;

namespace Bench.Servers;

/// <summary>An operator who purges through one replica, over connections that are kept.</summary>
internal sealed class PurgeClient : IDisposable
{
    private static readonly Uri s_invalidate = new("/_cache/invalidate", UriKind.Relative);
    private static readonly TimeSpan s_settled = TimeSpan.FromMilliseconds(500);
    private readonly HttpClient _http;
    private readonly TimeProvider _time = TimeProvider.System;

    public PurgeClient(ProxyProcess proxy)
    {
        _http = new HttpClient { BaseAddress = proxy.Url };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", ProxyProcess.OperatorToken());
    }

    /// <param name="invalidation">The body, JSON.</param>
    /// <returns>From the request to the whole receipt, and how many replicas have confirmed.</returns>
    /// <exception cref="InvalidOperationException">It was refused.</exception>
    public async Task<(TimeSpan Elapsed, int Confirmed)> PurgeAsync(string invalidation)
    {
        using var body = new StringContent(invalidation, Encoding.UTF8, "application/json");
        var started = _time.GetTimestamp();
        using var response = await _http.PostAsync(s_invalidate, body);
        var receipt = await response.Content.ReadAsStringAsync();
        var elapsed = _time.GetElapsedTime(started);
        if (!response.IsSuccessStatusCode)
            throw new InvalidOperationException($"A purge was answered {(int)response.StatusCode}: {receipt}");
        using var json = JsonDocument.Parse(receipt);
        return (elapsed, json.RootElement.GetProperty("replicas").GetProperty("confirmed").GetInt32());
    }

    /// <summary>The first purges after a new epoch wait for leases that may be left from the one before.</summary>
    public async Task SettleAsync()
    {
        while ((await PurgeAsync("""{"tags":["settle"]}""")).Elapsed > s_settled)
        {
            // The purge itself has waited.
        }
    }

    public void Dispose() => _http.Dispose();
}
