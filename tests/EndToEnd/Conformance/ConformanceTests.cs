using Processes;

namespace EndToEnd.Conformance;

/// <summary>The public suite for HTTP caches against the real proxy, <c>--to</c> its server.</summary>
public sealed class ConformanceTests
{
    private const int Tests = 350;

    [NodeFact]
    public async Task PublicSuite_EveryTest_ComesOutAsListed()
    {
        await using var suite = await PublicSuite.StartAsync();
        await using var proxy = await ProxyProcess.StartAsync(new ProxySettings { Arguments = ["--to", suite.Origin.ToString()] });

        var results = await suite.RunAsync(proxy.Url);

        var known = await KnownAsync();
        var failing = results.Where(static result => !result.Value).Select(static result => result.Key).ToHashSet();
        Assert.Equal(Tests, results.Count);
        Assert.Empty(failing.Except(known).Order(StringComparer.Ordinal));
        // What passes now stays so: take it off the list.
        Assert.Empty(known.Except(failing).Order(StringComparer.Ordinal));
    }

    private static async Task<HashSet<string>> KnownAsync()
    {
        var lines = await File.ReadAllLinesAsync(Path.Combine(Build.Root, "tests/EndToEnd/Conformance/known.txt"));
        return [.. lines.Where(static line => line.Length > 0 && line[0] != '#').Select(static line => line.Split(' ')[1])];
    }
}
