using System.Text.Json;
using Processes;

namespace EndToEnd.FirstMinute;

/// <summary>The README's first minute, on two replicas. Each test uses a model run of its own where it changes one.</summary>
public sealed class FirstMinuteTests(Playing playing) : IClassFixture<Playing>
{
    private const string Models = "/api/v1/models";
    private static readonly TimeSpan TrainingLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan DeliveryLimit = TimeSpan.FromSeconds(10);

    [RedisFact]
    public async Task Metrics_SecondRequest_IsAHitOnEveryReplica()
    {
        const string target = Models + "/train/def-456/metrics";

        var first = await playing.GetAsync(0, target);
        var second = await playing.GetAsync(0, target);
        var other = await playing.GetAsync(1, target);

        Assert.Equal((200, "MISS"), (first.Status, first.Cache));
        Assert.Equal((200, "HIT", first.Body), (second.Status, second.Cache, second.Body));
        Assert.Equal((200, "HIT", first.Body), (other.Status, other.Cache, other.Body));
    }

    [RedisFact]
    public async Task Metrics_UseCacheFalse_GoesPastTheCache()
    {
        var reply = await playing.GetAsync(0, Models + "/train/def-456/metrics?use_cache=false");

        Assert.Equal((200, "BYPASS"), (reply.Status, reply.Cache));
    }

    [RedisFact]
    public async Task Compare_SameModelsInAnotherOrder_IsAHit()
    {
        var first = await playing.SendAsync(0, HttpMethod.Post, Models + "/compare", json: """{"model_run_ids":["ghi-789","def-456"],"metric":"accuracy"}""");
        var second = await playing.SendAsync(1, HttpMethod.Post, Models + "/compare", json: """{"metric":"accuracy","model_run_ids":["def-456","ghi-789"]}""");

        Assert.Equal((200, "MISS"), (first.Status, first.Cache));
        Assert.Equal((200, "HIT", first.Body), (second.Status, second.Cache, second.Body));
    }

    [RedisFact]
    public async Task Retrain_Completed_EveryReplicaHasTheNewNumbers()
    {
        const string target = Models + "/train/abc-123/metrics";
        var before = await playing.GetAsync(0, target);
        Assert.Equal("HIT", (await playing.GetAsync(1, target)).Cache);

        var accepted = await playing.SendAsync(0, HttpMethod.Post, Models + "/train/abc-123/retrain", BackendProcess.OwnerToken("someone"));
        Assert.Equal(202, accepted.Status);
        await CompletedAsync("abc-123", token: null);

        // The event follows the commit; from its acknowledgement on it is true everywhere.
        for (var replica = 0; replica < playing.Proxies.Count; replica++)
        {
            var last = before;
            var index = replica;
            await Poll.UntilAsync(
                async () => (last = await playing.GetAsync(index, target)).Status == 200 && last.Body != before.Body,
                DeliveryLimit, () => $"replica {index} still has the old numbers: {last}");
        }
    }

    [RedisFact]
    public async Task PrivateRun_OwnerStrangerAnonymous_EachGetsTheirOwnAnswer()
    {
        var owner = BackendProcess.OwnerToken("owner");
        var accepted = await playing.SendAsync(0, HttpMethod.Post, Models + "/train", owner, "{}");
        Assert.Equal(202, accepted.Status);
        var id = JsonDocument.Parse(accepted.Body).RootElement.GetProperty("model_run_id").GetString()!;
        await CompletedAsync(id, owner);
        var target = $"{Models}/train/{id}/metrics";

        // The events of the training may still be under way: each purges what was stored before it.
        var owners = await playing.GetAsync(0, target, owner);
        await Poll.UntilAsync(
            async () => (owners = await playing.GetAsync(0, target, owner)).Cache == "HIT",
            DeliveryLimit, () => $"the owner's requests are never a hit: {owners}");
        var strangers = await playing.GetAsync(0, target, BackendProcess.OwnerToken("stranger"));
        var anonymous = await playing.GetAsync(0, target);

        Assert.Equal(200, owners.Status);
        Assert.Equal(403, strangers.Status);
        Assert.Equal(401, anonymous.Status);
    }

    [RedisFact]
    public async Task Stats_WithAndWithoutToken_GuideFieldsOr401()
    {
        var refused = await playing.GetAsync(0, Models + "/cache/stats");
        var stats = await playing.GetAsync(0, Models + "/cache/stats", ProxyProcess.OperatorToken("cache:read"));

        Assert.Equal(401, refused.Status);
        Assert.Equal(200, stats.Status);
        var root = JsonDocument.Parse(stats.Body).RootElement;
        Assert.True(root.GetProperty("available").GetBoolean());
        Assert.Equal(604_800, root.GetProperty("config").GetProperty("ttl_week").GetInt32());
        Assert.Equal(
            ["used_memory", "total_keys", "hits", "misses", "hit_rate"],
            root.GetProperty("stats").EnumerateObject().Select(p => p.Name));
    }

    [RedisFact]
    public async Task Clear_PatternOfOneModel_CountsItAndTheNextRequestIsAMiss()
    {
        const string target = Models + "/train/ghi-789/metrics";
        await playing.GetAsync(0, target);
        await playing.GetAsync(1, target);

        var cleared = await playing.SendAsync(
            0, HttpMethod.Delete, Models + "/cache/clear?pattern=model:metrics:ghi-*", ProxyProcess.OperatorToken());
        var after = await playing.GetAsync(1, target);

        Assert.Equal(200, cleared.Status);
        Assert.Equal(1, JsonDocument.Parse(cleared.Body).RootElement.GetProperty("deleted_count").GetInt32());
        Assert.Equal("MISS", after.Cache);
    }

    private async Task CompletedAsync(string id, string? token)
    {
        var last = "";
        await Poll.UntilAsync(
            async () => (last = (await playing.GetAsync(0, $"{Models}/train/{id}/status", token)).Body).Contains("\"completed\"", StringComparison.Ordinal),
            TrainingLimit, () => $"the run {id} was not trained: {last}");
    }
}
