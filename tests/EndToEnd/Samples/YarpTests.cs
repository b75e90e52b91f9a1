using EndToEnd.Wire;
using Processes;

namespace EndToEnd.Samples;

/// <summary>The sample of a YARP application before a scripted backend.</summary>
public sealed class YarpRig : IAsyncLifetime
{
    private SampleProcess? _sample;

    public ScriptedOrigin Origin { get; } = new();

    public Uri Url => _sample!.Url;

    public async Task InitializeAsync() => _sample = await SampleProcess.StartAsync(
        "Yarp", new Dictionary<string, string?> { ["ReverseProxy__Clusters__backend__Destinations__one__Address"] = Origin.Url.ToString() });

    public async Task DisposeAsync()
    {
        if (_sample is not null) await _sample.DisposeAsync();
        await Origin.DisposeAsync();
    }

    public Task<WireReply> GetAsync(string target, string fields = "") => WireClient.AskAsync(Url, target, fields);
}

/// <summary>The sample of a YARP application: what its backend is asked, and what its clients get.</summary>
public sealed class YarpTests(YarpRig rig) : IClassFixture<YarpRig>
{
    [Fact]
    public async Task Route_WithAPolicyOfTheBuilder_AsksTheBackendOncePerPageAndForNothingElse()
    {
        var first = await rig.GetAsync("/catalog/a?page=1&utm=x", "X-Forwarded-For: 1.2.3.4\r\nX-Original-URL: /b");
        var second = await rig.GetAsync("/catalog/a?utm=y&page=1");
        var asked = Assert.Single(rig.Origin.Seen("/catalog/a"));

        Assert.Equal(("MISS", "HIT", "/catalog/a?page=1"), (first["X-Cache"], second["X-Cache"], asked.Target));
        Assert.Equal((null, null), (asked["X-Forwarded-For"], asked["X-Original-URL"]));
    }

    [Fact]
    public async Task Target_WithEscapes_ReachesTheBackendAsWithoutTheCache()
    {
        foreach (var path in (string[])["a%20b", "a%C3%A9", "a+b"])
        {
            await rig.GetAsync($"/catalog/{path}?page=%2F");
            Assert.Equal($"/catalog/{path}?page=%2F", Assert.Single(rig.Origin.Seen($"/catalog/{path}")).Target);
        }
    }

    [Fact]
    public async Task Route_WithAPolicyOfAClass_AnswersEachTenantWithItsOwn()
    {
        rig.Origin.On("/tenant/", static (request, connection) => connection.AnswerAsync($"{request["X-Tenant"]} {request.Number}"));

        var one = await rig.GetAsync("/tenant/a", "X-Tenant: one");
        var two = await rig.GetAsync("/tenant/a", "X-Tenant: two");
        var again = await rig.GetAsync("/tenant/a", "X-Tenant: one");
        var nobody = await rig.GetAsync("/tenant/a");

        Assert.Equal(("one 1", "two 2", "one 1", "HIT", "BYPASS"), (one.Text, two.Text, again.Text, again["X-Cache"], nobody["X-Cache"]));
    }

    [Fact]
    public async Task UnsafeRequest_ThroughTheRoute_PurgesItsTarget()
    {
        await rig.GetAsync("/catalog/p");
        await WireClient.AskAsync(rig.Url, "/catalog/p", method: "PUT", body: "x");
        var after = await rig.GetAsync("/catalog/p");

        Assert.Equal(("MISS", "/catalog/p 3"), (after["X-Cache"], after.Text));
    }

    [Fact]
    public async Task Backend_ThatCutsItsAnswerShort_IsNeitherStoredNorSentAsAWhole()
    {
        rig.Origin.On("/catalog/cut", static async (_, connection) =>
        {
            await connection.SayAsync(OriginConnection.Head(100) + "half");
            connection.Close();
        });

        var first = await rig.GetAsync("/catalog/cut");
        var second = await rig.GetAsync("/catalog/cut");

        Assert.False(first.IsComplete || second.IsComplete);
        Assert.Equal(2, rig.Origin.Count("/catalog/cut"));
    }

    [Fact]
    public async Task Backend_ThatIsAway_IsAnErrorThatIsNotStored()
    {
        rig.Origin.On("/catalog/away", static (_, connection) =>
        {
            connection.Reset();
            return Task.CompletedTask;
        });

        var first = await rig.GetAsync("/catalog/away");
        rig.Origin.On("/catalog/away", static (_, connection) => connection.AnswerAsync("back"));
        var second = await rig.GetAsync("/catalog/away");

        Assert.Equal((502, "back"), (first.Status, second.Text));
    }
}
