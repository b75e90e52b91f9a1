using System.Text.Json;
using EndToEnd.FirstMinute;
using Processes;

namespace EndToEnd.Cases;

/// <summary>
/// Who may see a cached response (DESIGN 9), with the routes that ship and the real backend: hits for the owner, the backend's own refusal
/// for everybody else, whatever is stored, whoever asked before, and while the backend is away.
/// </summary>
public sealed class AccessTests : IAsyncLifetime
{
    private const string Models = "/api/v1/models";
    private static readonly TimeSpan TrainingLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan DeliveryLimit = TimeSpan.FromSeconds(15);
    private static readonly string s_owner = BackendProcess.OwnerToken("owner");
    private static readonly string s_stranger = BackendProcess.OwnerToken("stranger");
    private readonly Playing _playing = new();

    public Task InitializeAsync() => _playing.InitializeAsync();

    public Task DisposeAsync() => _playing.DisposeAsync();

    [RedisFact]
    public async Task PrivateRun_StoredForItsOwner_IsShownToNobodyElseOnAnyRouteOrReplica()
    {
        var id = await TrainedAsync("""{"public":false}""");
        (HttpMethod Method, string Target, string? Body)[] requests =
        [
            (HttpMethod.Get, $"{Models}/train/{id}/metrics", null),
            (HttpMethod.Get, $"{Models}/train/{id}/feature-importance?top_n=3", null),
            (HttpMethod.Post, $"{Models}/compare", $$"""{"model_run_ids":["abc-123","{{id}}"]}"""),
        ];
        foreach (var (method, target, body) in requests)
        {
            var first = await HitAsync(method, target, body);
            foreach (var replica in new[] { 0, 1 })
            {
                var stranger = await _playing.SendAsync(replica, method, target, s_stranger, body);
                var anonymous = await _playing.SendAsync(replica, method, target, null, body);
                Assert.Equal((403, 401), (stranger.Status, anonymous.Status));
                Assert.DoesNotContain(first.Body[20..60], stranger.Body + anonymous.Body, StringComparison.Ordinal);
                Assert.Contains("private", stranger.Body, StringComparison.Ordinal);
            }
            // The refusals have not taken it from its owner.
            Assert.Equal((200, "HIT", first.Body), Parts(await _playing.SendAsync(1, method, target, s_owner, body)));
        }
    }

    [RedisFact]
    public async Task Access_TakenAway_EndsWithThePurge()
    {
        var id = await TrainedAsync("""{"public":true}""");
        var target = $"{Models}/train/{id}/metrics";
        await HitAsync(HttpMethod.Get, target, null);
        Assert.Equal("HIT", (await _playing.GetAsync(0, target, s_stranger)).Cache);
        Assert.Equal(200, (await _playing.GetAsync(1, target)).Status);

        Assert.Equal(200, (await _playing.SendAsync(0, HttpMethod.Patch, $"{Models}/train/{id}", s_owner, """{"public":false}""")).Status);

        // The event follows the commit; the remembered answers go with the entries that it purges, long before their 30 s.
        foreach (var replica in new[] { 0, 1 })
        {
            await Poll.UntilAsync(async () => (await _playing.GetAsync(replica, target, s_stranger)).Status == 403, DeliveryLimit, static () => "The stranger still sees it");
            Assert.Equal(401, (await _playing.GetAsync(replica, target)).Status);
        }
        await HitAsync(HttpMethod.Get, target, null);
    }

    [RedisFact]
    public async Task Backend_Away_OnlyWhoWasAllowedBeforeHasAHit()
    {
        var id = await TrainedAsync("""{"public":false}""");
        var target = $"{Models}/train/{id}/metrics";
        var before = await HitAsync(HttpMethod.Get, target, null);

        await _playing.KillBackendAsync();

        Assert.Equal((200, "HIT", before.Body), Parts(await _playing.GetAsync(0, target, s_owner)));
        Assert.Equal(502, (await _playing.GetAsync(0, target, s_stranger)).Status);
        Assert.Equal(502, (await _playing.GetAsync(0, target)).Status);
    }

    private static (int, string?, string) Parts(Reply reply) => (reply.Status, reply.Cache, reply.Body);

    /// <summary>Asked by the owner until it is a hit: events of the training may still be under way, and each purges what was stored before it.</summary>
    private async Task<Reply> HitAsync(HttpMethod method, string target, string? body)
    {
        Reply? last = null;
        await Poll.UntilAsync(
            async () => (last = await _playing.SendAsync(0, method, target, s_owner, body)) is { Status: 200, Cache: "HIT" }, DeliveryLimit, () => $"Never a hit: {last}");
        return last!;
    }

    private async Task<string> TrainedAsync(string request)
    {
        var accepted = await _playing.SendAsync(0, HttpMethod.Post, Models + "/train", s_owner, request);
        Assert.Equal(202, accepted.Status);
        var id = JsonDocument.Parse(accepted.Body).RootElement.GetProperty("model_run_id").GetString()!;
        await Poll.UntilAsync(
            async () => (await _playing.GetAsync(0, $"{Models}/train/{id}/status", s_owner)).Body.Contains("\"completed\"", StringComparison.Ordinal),
            TrainingLimit, () => $"{id} was not trained");
        return id;
    }
}
