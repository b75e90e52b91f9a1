namespace Bench.Measuring;

/// <summary>A server that runs, and where the load goes.</summary>
internal sealed record Candidate(string Name, int ProcessId, Uri Url);

/// <summary>Medians over the rounds.</summary>
internal sealed record Measured(string Name, double CpuMicroseconds, double PerSecond, double MedianMs, double P99Ms, long Failures);

/// <summary>
/// Loads several servers in turn, round by round, so that a machine that slows down or speeds up does so for all of them,
/// and compares the CPU that each used for a request. Each median is over the rounds; ratios are medians of the rounds' ratios.
/// </summary>
internal sealed class Comparison(BenchOptions options)
{
    private readonly Dictionary<string, List<double>> _cpu = [];

    /// <param name="candidates">The first is the measure of the others.</param>
    /// <param name="script">A wrk script, or null.</param>
    /// <param name="arguments">The script's arguments for a round; rounds count from 0, the warm-up is -1.</param>
    public async Task<IReadOnlyList<Measured>> RunAsync(
        IReadOnlyList<Candidate> candidates, string? script = null, Func<int, IReadOnlyList<string>>? arguments = null)
    {
        foreach (var candidate in candidates)
            await Wrk.RunAsync(candidate.Url, options.WarmUp, script, arguments?.Invoke(-1) ?? []);

        var families = candidates.ToDictionary(c => c.Name, c => ProcessFigures.Family(c.ProcessId));
        var seen = candidates.ToDictionary(c => c.Name, _ => new List<WrkResult>());
        for (var round = 0; round < options.Rounds; round++)
        {
            foreach (var candidate in candidates)
            {
                var before = ProcessFigures.CpuSeconds(families[candidate.Name]);
                var result = await Wrk.RunAsync(candidate.Url, options.RoundLength, script, arguments?.Invoke(round) ?? []);
                var used = ProcessFigures.CpuSeconds(families[candidate.Name]) - before;
                seen[candidate.Name].Add(result);
                if (!_cpu.TryGetValue(candidate.Name, out var list))
                    _cpu[candidate.Name] = list = [];
                list.Add(used * 1e6 / result.Requests);
            }
        }

        return [.. candidates.Select(c => new Measured(
            c.Name,
            Statistics.Median(_cpu[c.Name]),
            Statistics.Median(seen[c.Name].Select(r => r.PerSecond)),
            Statistics.Median(seen[c.Name].Select(r => r.MedianMs)),
            Statistics.Median(seen[c.Name].Select(r => r.P99Ms)),
            seen[c.Name].Sum(r => r.Failures)))];
    }

    /// <summary>The median of the rounds' CPU ratios: neighbours in time are compared, not strangers.</summary>
    public double Ratio(string name, string measure) =>
        Statistics.Median(_cpu[name].Zip(_cpu[measure], (mine, theirs) => mine / theirs));
}
