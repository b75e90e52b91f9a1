using System.Globalization;
using System.Text;

namespace Bench;

/// <summary>One part's results as Markdown, and whether each figure is within its contract. Whatever the order of the calls: first the rows, then what is said below them.</summary>
internal sealed class Table(string title, string firstColumn, params IReadOnlyList<string> columns)
{
    private readonly StringBuilder _rows = new StringBuilder()
        .AppendLine(CultureInfo.InvariantCulture, $"### {title}")
        .AppendLine()
        .AppendLine(CultureInfo.InvariantCulture, $"| {firstColumn} | {string.Join(" | ", columns)} |")
        .AppendLine(CultureInfo.InvariantCulture, $"|---|{string.Concat(columns.Select(_ => "---:|"))}");

    private readonly StringBuilder _below = new();

    public bool WithinContract { get; private set; } = true;

    public string Text => string.Concat(_rows, _below);

    public Table Row(string name, params IReadOnlyList<string> cells)
    {
        _rows.AppendLine(CultureInfo.InvariantCulture, $"| {name} | {string.Join(" | ", cells)} |");
        return this;
    }

    /// <summary>A line below the table: the figure, what it may be at most, and what is aimed at.</summary>
    public Table Judge(string what, double value, double contract, double aim, string unit = "")
    {
        var verdict = value <= aim ? "aim reached" : value <= contract ? "within the contract" : "**over the contract**";
        WithinContract &= value <= contract;
        _below.AppendLine().AppendLine(CultureInfo.InvariantCulture,
            $"{what}: **{value:0.00}{unit}** (contract {contract:0.##}{unit}, aim {aim:0.##}{unit}): {verdict}.");
        return this;
    }

    public Table Note(string text)
    {
        _below.AppendLine().AppendLine(text);
        return this;
    }
}
