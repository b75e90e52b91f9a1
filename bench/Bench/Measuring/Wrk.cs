using System.Globalization;
using System.Text.RegularExpressions;
using Launcher;

namespace Bench.Measuring;

/// <summary>What one run of wrk saw.</summary>
/// <param name="Requests">Answered requests.</param>
/// <param name="Failures">Answers other than 2xx and 3xx, and socket errors.</param>
/// <param name="PerSecond">Requests in a second.</param>
/// <param name="MedianMs">Latency, milliseconds.</param>
/// <param name="P99Ms">Latency, milliseconds.</param>
internal sealed record WrkResult(long Requests, long Failures, double PerSecond, double MedianMs, double P99Ms);

/// <summary>Load from wrk, pinned to the last processor so that it does not take the servers' time.</summary>
internal static partial class Wrk
{
    public const int Connections = 32;

    /// <param name="url">Where the load goes; a script may change the path.</param>
    /// <param name="length">How long.</param>
    /// <param name="script">A Lua file, or null.</param>
    /// <param name="scriptArguments">Given to the script's <c>init</c>.</param>
    /// <exception cref="InvalidOperationException">wrk failed, or nothing was answered.</exception>
    public static async Task<WrkResult> RunAsync(Uri url, TimeSpan length, string? script = null, params IReadOnlyList<string> scriptArguments)
    {
        var seconds = ((int)length.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        List<string> command = [.. Pinning.Load, "wrk", "-t1", $"-c{Connections}", $"-d{seconds}", "--latency"];
        if (script is not null)
            command.AddRange(["-s", script]);
        command.Add(url.ToString());
        if (scriptArguments.Count > 0)
            command.AddRange(["--", .. scriptArguments]);
        var log = Path.GetTempFileName();
        await using var wrk = ChildProcess.Start("wrk", command, new Dictionary<string, string?>(), log, Path.GetTempPath());
        await wrk.WaitAsync();
        var output = string.Join('\n', wrk.LastLines);
        if (wrk.ExitCode != 0 || Requests().Match(output) is not { Success: true } requests || requests.Groups[1].Value == "0")
            throw new InvalidOperationException($"wrk got no answers from {url}:\n{output}");
        return new WrkResult(
            long.Parse(requests.Groups[1].Value, CultureInfo.InvariantCulture),
            Sum(BadStatus().Match(output)) + Sum(SocketErrors().Match(output)),
            double.Parse(PerSecond().Match(output).Groups[1].Value, CultureInfo.InvariantCulture),
            Milliseconds(Median().Match(output)),
            Milliseconds(P99().Match(output)));
    }

    private static long Sum(Match match) =>
        match.Groups.Values.Skip(1).Where(g => g.Success).Sum(g => long.Parse(g.Value, CultureInfo.InvariantCulture));

    private static double Milliseconds(Match match) => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) * match.Groups[2].Value switch
    {
        "us" => 0.001,
        "ms" => 1,
        "s" => 1_000,
        _ => 60_000,
    };

    [GeneratedRegex(@"(\d+) requests in")]
    private static partial Regex Requests();

    [GeneratedRegex(@"Non-2xx or 3xx responses: (\d+)")]
    private static partial Regex BadStatus();

    [GeneratedRegex(@"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)")]
    private static partial Regex SocketErrors();

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex PerSecond();

    [GeneratedRegex(@"50%\s+([\d.]+)(us|ms|s|m)")]
    private static partial Regex Median();

    [GeneratedRegex(@"99%\s+([\d.]+)(us|ms|s|m)")]
    private static partial Regex P99();
}
