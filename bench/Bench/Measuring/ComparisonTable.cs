using System.Globalization;

namespace Bench.Measuring;

internal static class ComparisonTable
{
    public static Table Of(string title, IReadOnlyList<Measured> rows, Comparison comparison)
    {
        var table = new Table(title, "server", "CPU µs/request", "ratio", "requests/s", "p50 ms", "p99 ms", "failures");
        foreach (var row in rows)
        {
            table.Row(row.Name, Text(row.CpuMicroseconds, "0.0"), Text(comparison.Ratio(row.Name, rows[0].Name), "0.00"),
                Text(row.PerSecond, "0"), Text(row.MedianMs, "0.00"), Text(row.P99Ms, "0.00"), Text(row.Failures, "0"));
        }

        return table;
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
