using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using EndToEnd.Wire;
using Processes;

namespace EndToEnd.Faults;

/// <summary>
/// The backend's disk is full (RELIABILITY 3, P6): a change that cannot be written together with its event is refused, and leaves neither;
/// what was taken is delivered; and it goes on when there is space again.
/// </summary>
public sealed class OutboxDiskTests
{
    private const string Train = "/api/v1/models/train";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Disk_IsFull_ChangesAreRefusedWithTheirEventsAndGoOnWithSpace()
    {
        await using var receiver = new ScriptedOrigin();
        // Whoever writes beyond the limit is told so, instead of being ended.
        await using var backend = await BackendProcess.StartAsync([receiver.Url], prefix: ["env", "--ignore-signal=XFSZ"]);
        using var owner = new HttpClient { BaseAddress = backend.Url };
        owner.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", BackendProcess.OwnerToken("owner"));
        var before = await AcceptedAsync(owner);
        await ToldAsync(receiver, before);

        await LimitAsync(backend, "4096:");
        var runs = await RunsAsync(owner);
        for (var i = 0; i < 3; i++)
        {
            using var refused = await PostAsync(owner);
            Assert.True((int)refused.StatusCode >= 500, $"{refused.StatusCode}: {await refused.Content.ReadAsStringAsync()}");
        }
        Assert.Equal(runs, await RunsAsync(owner));
        Assert.False(backend.HasExited, backend.Output);

        await LimitAsync(backend, "unlimited:");
        var after = "";
        await Poll.UntilAsync(
            async () =>
            {
                using var response = await PostAsync(owner);
                if (!response.IsSuccessStatusCode) return false;
                after = await IdAsync(response);
                return true;
            },
            Limit, () => $"It does not go on: {backend.Output}");
        await ToldAsync(receiver, after);
        Assert.Equal(runs + 1, await RunsAsync(owner));
    }

    private static async Task<string> AcceptedAsync(HttpClient owner)
    {
        using var response = await PostAsync(owner);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return await IdAsync(response);
    }

    private static Task<HttpResponseMessage> PostAsync(HttpClient owner) => owner.PostAsync(
        new Uri(Train, UriKind.Relative), new StringContent("""{"public":false}""", Encoding.UTF8, "application/json"));

    private static async Task<string> IdAsync(HttpResponseMessage response)
    {
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return document.RootElement.GetProperty("model_run_id").GetString()!;
    }

    private static async Task<int> RunsAsync(HttpClient owner)
    {
        var text = await owner.GetStringAsync(new Uri("/api/v1/models/runs", UriKind.Relative));
        return text.Split("model_run_id").Length - 1;
    }

    private static Task ToldAsync(ScriptedOrigin receiver, string id) => Poll.UntilAsync(
        () => receiver.Seen("/_cache/events").Any(seen => seen.Text.Contains(id, StringComparison.Ordinal) && seen.Text.Contains("completed", StringComparison.Ordinal)),
        Limit, () => $"Nobody is told of {id}");

    private static async Task LimitAsync(BackendProcess backend, string fileSize)
    {
        using var prlimit = Process.Start("prlimit", [string.Create(CultureInfo.InvariantCulture, $"--pid={backend.Id}"), $"--fsize={fileSize}"]);
        await prlimit.WaitForExitAsync();
        Assert.Equal(0, prlimit.ExitCode);
    }
}
