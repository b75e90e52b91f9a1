using System.Net;

namespace Launcher;

/// <summary>Waits for a health endpoint to say yes, for as long as the program behind it lives.</summary>
internal static class Readiness
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <exception cref="LaunchException">The program ended, or was not ready in time.</exception>
    public static async Task WaitAsync(ChildProcess child, string url, TimeSpan limit, TimeProvider time, CancellationToken stop)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var started = time.GetTimestamp();
        var last = "no connection";
        while (time.GetElapsedTime(started) < limit)
        {
            if (child.HasExited)
                throw await EndedAsync(child);
            try
            {
                using var response = await http.GetAsync(new Uri(url), stop);
                if (response.StatusCode == HttpStatusCode.OK)
                    return;
                last = $"status {(int)response.StatusCode}";
            }
            catch (Exception e) when (!stop.IsCancellationRequested && e is HttpRequestException or TaskCanceledException)
            {
                last = e.Message;
            }

            // Paces the poll, which ends at its limit: another process has no other way to say that it is ready.
            await Task.Delay(Pause, time, stop);
        }

        throw new LaunchException(
            $"{child.Name} was not ready within {limit.TotalSeconds:0} s ({url}: {last}). Its last lines:\n{Quoted(child)}");
    }

    /// <summary>Whether there is a page at <paramref name="url"/>.</summary>
    public static async Task<bool> AnswersAsync(string url, CancellationToken stop)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        using var response = await http.GetAsync(new Uri(url), stop);
        return response.IsSuccessStatusCode;
    }

    /// <summary>The error for a program that ended by itself, with its last lines.</summary>
    public static async Task<LaunchException> EndedAsync(ChildProcess child)
    {
        // The exit is seen before the last lines have been read.
        await child.WaitAsync();
        return new($"{child.Name} ended with exit code {child.ExitCode}. Its last lines:\n{Quoted(child)}");
    }

    private static string Quoted(ChildProcess child) =>
        child.LastLines is { Count: > 0 } lines ? string.Join('\n', lines.Select(l => "  | " + l)) : "  (it printed nothing)";
}
