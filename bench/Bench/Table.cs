using System.Globalization;
using System.Text;

namespace Bench;

/// <summary>One part's results as Markdown, and whether each figure is within its contract.</summary>
internal sealed class Table(string title, string firstColumn, params IReadOnlyList<string> columns)
{
    private readonly StringBuilder _text = new StringBuilder()
        .AppendLine(CultureInfo.InvariantCulture, $"### {title}")
        .AppendLine()
        .AppendLine(CultureInfo.InvariantCulture, $"| {firstColumn} | {string.Join(" | ", columns)} |")
        .AppendLine(CultureInfo.InvariantCulture, $"|---|{string.Concat(columns.Select(_ => "---:|"))}");

    public bool WithinContract { get; private set; } = true;

    public string Text => _text.ToString();

    public Table Row(string name, params IReadOnlyList<string> cells)
    {
        _text.AppendLine(CultureInfo.InvariantCulture, $"| {name} | {string.Join(" | ", cells)} |");
        return this;
    }

    /// <summary>A line below the table: the figure, what it may be at most, and what is aimed at.</summary>
    public Table Judge(string what, double value, double contract, double aim, string unit = "")
    {
        var verdict = value <= aim ? "aim reached" : value <= contract ? "within the contract" : "**over the contract**";
        WithinContract &= value <= contract;
        _text.AppendLine().AppendLine(CultureInfo.InvariantCulture,
            $"{what}: **{value:0.00}{unit}** (contract {contract:0.##}{unit}, aim {aim:0.##}{unit}): {verdict}.");
        return this;
    }

    public Table Note(string text)
    {
        _text.AppendLine().AppendLine(text);
        return this;
    }
}
