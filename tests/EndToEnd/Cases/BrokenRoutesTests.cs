using EndToEnd.Faults;
using EndToEnd.Wire;
using Processes;

namespace EndToEnd.Cases;

/// <summary>A routes file that YARP or ASP.NET's routing cannot use (DESIGN 2): refused with its place, at start and at a reload.</summary>
public sealed class BrokenRoutesTests
{
    [Theory]
    [InlineData("/x/{id", "ReverseProxy.Routes.broken", "'/x/{id'")]
    [InlineData("/x/{id:nope}", "ReverseProxy.Routes.broken.Match.Path", "'nope'")]
    [InlineData("/item/{other}", "ReverseProxy.Routes.item.Match.Path", "route broken")]
    public async Task Start_WithARouteThatCannotBeUsed_EndsWithItsPlaceAndCode1(string path, string place, string named)
    {
        await using var origin = new ScriptedOrigin();
        var routes = RoutesText.Write(Broken(origin.Url, path));
        await using var proxy = await ProxyProcess.StartAsync(new ProxySettings { RoutesPath = routes, WaitUntilReady = false });

        await Poll.UntilAsync(() => proxy.HasExited, SharedRig.Limit, static () => "It started");

        Assert.Equal(1, proxy.ExitCode);
        await Poll.UntilAsync(() => proxy.Output.Contains(place, StringComparison.Ordinal), SharedRig.Limit, () => proxy.Output);
        Assert.Contains(routes, proxy.Output, StringComparison.Ordinal);
        Assert.Contains(named, proxy.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reload_WithARouteThatCannotBeUsed_KeepsTheOldFile()
    {
        await using var rig = await StandaloneRig.StartAsync();

        await File.WriteAllTextAsync(rig.RoutesPath, Broken(rig.Origin.Url, "/x/{id:nope}"));
        await Poll.UntilAsync(async () => await rig.MetricAsync("cacheproxy_config_valid") == 0, SharedRig.Limit, static () => "It was taken");

        Assert.Equal(200, (await rig.GetAsync("/item/1")).Status);
        Assert.Contains("ReverseProxy.Routes.broken.Match.Path", rig.Proxy.Output, StringComparison.Ordinal);
    }

    private static string Broken(Uri origin, string path) =>
        RoutesText.For(origin, moreRoutes: $$""", "broken": { "ClusterId": "origin", "Match": { "Path": "{{path}}" } }""");
}
