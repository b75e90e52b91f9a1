using System.Text.Json;

namespace Launcher;

/// <summary>Finds a model run that the printed requests can name.</summary>
internal static class DemoRun
{
    /// <summary>The first run that the backend lists; a placeholder when it lists none.</summary>
    public static async Task<string> FindAsync(string backendUrl, CancellationToken stop)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        try
        {
            await using var body = await http.GetStreamAsync(new Uri($"{backendUrl}/api/v1/models/runs"), stop);
            using var json = await JsonDocument.ParseAsync(body, cancellationToken: stop);
            return FirstId(json.RootElement) ?? "MODEL_RUN_ID";
        }
        catch (Exception e) when (!stop.IsCancellationRequested && e is HttpRequestException or JsonException or TaskCanceledException)
        {
            // The list is a convenience for the text only: what it is for works without it.
            return "MODEL_RUN_ID";
        }
    }

    private static string? FirstId(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.TryGetProperty("model_run_id", out var id) && id.ValueKind == JsonValueKind.String
            ? id.GetString()
            : element.EnumerateObject().Select(p => FirstId(p.Value)).FirstOrDefault(found => found is not null),
        JsonValueKind.Array => element.EnumerateArray().Select(FirstId).FirstOrDefault(found => found is not null),
        _ => null,
    };
}
