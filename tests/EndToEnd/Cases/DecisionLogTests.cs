using EndToEnd.Faults;
using EndToEnd.Wire;
using Processes;

namespace EndToEnd.Cases;

/// <summary>One event per decision at Debug (DESIGN 8), by which nobody learns what was asked for.</summary>
public sealed class DecisionLogTests
{
    [Theory]
    [InlineData("Debug", true)]
    [InlineData("Information", false)]
    public async Task Decision_IsLoggedAtDebugOnly(string level, bool expected)
    {
        await using var rig = await StandaloneRig.StartAsync(new Dictionary<string, string?> { ["Logging__LogLevel__CacheProxy"] = level });

        await rig.GetAsync("/item/private-name", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        await rig.GetAsync("/item/private-name");
        await rig.GetAsync("/item/private-name", "Authorization: Bearer secret");
        // Comes after all of them, at any level.
        await rig.Proxy.StopAsync();
        await Poll.UntilAsync(() => rig.Proxy.Output.Contains("Asked to end", StringComparison.Ordinal), SharedRig.Limit, () => rig.Proxy.Output);

        foreach (var decision in new[] { "item: miss (-), status 200", "trace 0af7651916cd43dd8448eb211c80319c", "item: hit (-), status 200", "item: bypass (credentials), status 200" })
            Assert.Equal(expected, rig.Proxy.Output.Contains(decision, StringComparison.Ordinal));
        Assert.DoesNotContain("private-name", rig.Proxy.Output, StringComparison.Ordinal);
    }
}
