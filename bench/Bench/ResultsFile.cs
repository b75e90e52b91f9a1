using System.Globalization;
using System.Runtime.InteropServices;
using Processes;

namespace Bench;

/// <summary><c>bench/RESULTS.md</c>: a part per measurement; a run replaces its own parts and leaves the others.</summary>
internal sealed class ResultsFile
{
    private const string Heading =
        "# Results\n\nWritten by `bench/run.sh`. Ratios of one run on one machine; absolute figures are that machine's. DESIGN's budgets are the contract and the aim.\n";

    private readonly string _path;

    private ResultsFile(string path) => _path = path;

    public static ResultsFile Open() => new(Path.Combine(Build.Root, "bench", "RESULTS.md"));

    public void Replace(string part, Table table)
    {
        var text = File.Exists(_path) ? File.ReadAllText(_path) : Heading;
        var (begin, end) = ($"<!-- {part} -->\n", $"<!-- /{part} -->\n");
        var section = $"{begin}{table.Text}\n{Machine()}\n{end}";
        var from = text.IndexOf(begin, StringComparison.Ordinal);
        var to = text.IndexOf(end, StringComparison.Ordinal);
        text = from >= 0 && to > from
            ? text[..from] + section + text[(to + end.Length)..]
            : text + "\n" + section;
        File.WriteAllText(_path, text);
    }

    private static string Machine()
    {
        var cpu = File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown CPU";
        var load = File.ReadAllText("/proc/loadavg").Split(' ')[0];
        var day = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
        return $"*{day}; {Environment.ProcessorCount} × {cpu}; {RuntimeInformation.OSDescription.Trim()}; .NET {Environment.Version}; load at the end {load}*";
    }
}
