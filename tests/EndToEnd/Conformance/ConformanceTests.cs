using EndToEnd.Wire;
using Processes;

namespace EndToEnd.Conformance;

/// <summary>The public suite for HTTP caches against the real proxy, <c>--to</c> its server.</summary>
public sealed class ConformanceTests
{
    private const int Tests = 350;

    // What is tested is what is shared, not how long a loaded machine takes.
    private static readonly Dictionary<string, string?> s_patient = new() { ["Redis__Timeout"] = "5s" };

    [NodeFact]
    public async Task PublicSuite_EveryTest_ComesOutAsListed()
    {
        await using var suite = await PublicSuite.StartAsync();
        await using var proxy = await ProxyProcess.StartAsync(new ProxySettings { Arguments = ["--to", suite.Origin.ToString()] });

        await AssertAsListedAsync(suite, proxy.Url, ["known.txt"]);
    }

    /// <summary>
    /// Every second request of a test goes to the other of two replicas on one Redis, which knows of the first only what is stored for all:
    /// what holds for one replica holds for both.
    /// </summary>
    [NodeFact]
    public async Task PublicSuite_OverTwoReplicas_ComesOutAsListed()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var suite = await PublicSuite.StartAsync();
        var settings = new ProxySettings { Redis = redis.Address, Arguments = ["--to", suite.Origin.ToString()], Settings = s_patient };
        await using var a = await ProxyProcess.StartAsync(settings);
        await using var b = await ProxyProcess.StartAsync(settings);
        await using var balancer = await ProxyProcess.StartAsync(new ProxySettings { RoutesPath = RoutesText.Write(InTurn(a.Url, b.Url)) });

        await AssertAsListedAsync(suite, balancer.Url, ["known.txt", "known-replicas.txt"]);
    }

    private static async Task AssertAsListedAsync(PublicSuite suite, Uri proxy, string[] lists)
    {
        var results = await suite.RunAsync(proxy);

        var known = await KnownAsync(lists);
        var failing = results.Where(static result => !result.Value).Select(static result => result.Key).ToHashSet();
        Assert.Equal(Tests, results.Count);
        Assert.True(failing.IsSubsetOf(known), $"failed: {string.Join(' ', failing.Except(known).Order(StringComparer.Ordinal))}");
        // What passes now stays so: take it off the list.
        Assert.True(known.IsSubsetOf(failing), $"passed: {string.Join(' ', known.Except(failing).Order(StringComparer.Ordinal))}");
    }

    // The suite numbers the requests of a test.
    private static string InTurn(Uri a, Uri b) => $$"""
        {
          "ReverseProxy": {
            "Routes": {
              "odd": { "ClusterId": "a", "Transforms": [ { "RequestHeaderOriginalHost": "true" } ], "Match": { "Path": "/{**rest}", "Headers": [ { "Name": "Req-Num", "Values": [ "1", "3", "5", "7" ] } ] } },
              "even": { "ClusterId": "b", "Transforms": [ { "RequestHeaderOriginalHost": "true" } ], "Order": 1, "Match": { "Path": "/{**rest}" } }
            },
            "Clusters": {
              "a": { "Destinations": { "only": { "Address": "{{a}}" } } },
              "b": { "Destinations": { "only": { "Address": "{{b}}" } } }
            }
          },
          "CachePolicies": {}
        }
        """;

    private static async Task<HashSet<string>> KnownAsync(string[] lists)
    {
        HashSet<string> known = [];
        foreach (var list in lists)
        {
            var lines = await File.ReadAllLinesAsync(Path.Combine(Build.Root, "tests/EndToEnd/Conformance", list));
            known.UnionWith(lines.Where(static line => line.Length > 0 && line[0] != '#').Select(static line => line.Split(' ')[1]));
        }
        return known;
    }
}
