using System.Globalization;

namespace Bench.Measuring;

/// <summary>What <c>/proc</c> says of a program and all that it started (nginx's worker, Varnish's child).</summary>
internal static class ProcessFigures
{
    // sysconf(_SC_CLK_TCK): 100 on every Linux that .NET runs on.
    private const double TicksPerSecond = 100;
    private const int ParentField = 1, UserTimeField = 11, SystemTimeField = 12;

    public static IReadOnlyList<int> Family(int root)
    {
        var parents = new Dictionary<int, int>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && Stat(id) is { } stat)
                parents[id] = int.Parse(stat[ParentField], CultureInfo.InvariantCulture);
        }

        List<int> family = [root];
        for (var i = 0; i < family.Count; i++)
            family.AddRange(parents.Where(p => p.Value == family[i]).Select(p => p.Key));
        return family;
    }

    /// <summary>CPU seconds used so far, in user mode and in the kernel.</summary>
    public static double CpuSeconds(IReadOnlyList<int> family) => family
        .Select(Stat)
        .Where(stat => stat is not null)
        .Sum(stat => double.Parse(stat![UserTimeField], CultureInfo.InvariantCulture) + double.Parse(stat[SystemTimeField], CultureInfo.InvariantCulture))
        / TicksPerSecond;

    public static double ResidentMebibytes(int id) => File.ReadLines($"/proc/{id}/status")
        .Where(l => l.StartsWith("VmRSS:", StringComparison.Ordinal))
        .Select(l => double.Parse(l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024)
        .Single();

    // The fields after the program's name, which may contain spaces and parentheses.
    private static string[]? Stat(int id)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{id}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It ended between being listed and being read.
            return null;
        }
    }
}
