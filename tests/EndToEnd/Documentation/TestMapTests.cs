using System.Globalization;
using System.Text.RegularExpressions;
using Processes;

namespace EndToEnd.Documentation;

/// <summary>docs/tests.md is held against the code: each test that it names exists, and each row is there.</summary>
public sealed partial class TestMapTests
{
    private static readonly string s_page = File.ReadAllText(Path.Combine(Build.Root, "docs/tests.md"));

    [Fact]
    public void Page_EveryTestThatItNames_Exists()
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Build.Root, "tests"), "*Tests.cs", SearchOption.AllDirectories))
        {
            var text = File.ReadAllText(file);
            foreach (var name in Class().Matches(text).Select(static match => match.Groups[1].Value))
            {
                known.Add(name);
                foreach (Match method in Method().Matches(text)) known.Add($"{name}.{method.Groups[1].Value}");
            }
        }

        var named = Named().Matches(s_page).Select(static match => match.Groups[1].Value).Distinct().ToList();
        Assert.True(named.Count > 100, $"Only {named.Count} names were found on the page");
        Assert.Empty(named.Except(known));
    }

    [Theory]
    [InlineData("F", 12)]
    [InlineData("A", 30)]
    [InlineData("O", 12)]
    [InlineData("R", 13)]
    [InlineData("C", 4)]
    [InlineData("P", 8)]
    [InlineData("W", 1)]
    public void Page_EveryRow_IsThere(string letter, int count) =>
        Assert.Equal(Enumerable.Range(1, count), RowsOf(letter).Order());

    private static IEnumerable<int> RowsOf(string letter)
    {
        foreach (var cell in FirstCell().Matches(s_page).Select(static match => match.Groups[1].Value).Where(cell => cell.StartsWith(letter, StringComparison.Ordinal)))
            foreach (var part in cell.Split(", "))
            {
                int[] ends = [.. part.Split(" to ").Select(id => int.Parse(id[1..], CultureInfo.InvariantCulture))];
                for (var row = ends[0]; row <= ends[^1]; row++) yield return row;
            }
    }

    [GeneratedRegex(@"\bclass (\w+Tests)\b")]
    private static partial Regex Class();

    [GeneratedRegex(@"public (?:async )?(?:Task|void) (\w+)\(")]
    private static partial Regex Method();

    [GeneratedRegex(@"`(\w+Tests(?:\.\w+)?)`")]
    private static partial Regex Named();

    [GeneratedRegex(@"^\| ([FAORCPW]\d+(?:(?:, | to )[FAORCPW]\d+)*) \|", RegexOptions.Multiline)]
    private static partial Regex FirstCell();
}
