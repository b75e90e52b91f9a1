using System.Net;

namespace ModelsBackend.Tests.Runs;

public class TrainingTests(Backend backend) : IClassFixture<Backend>
{
    private readonly string _owner = backend.Token("alice");

    [Fact]
    public async Task Retrain_SameId_GivesTheNextVersionAndOtherNumbers()
    {
        var before = await backend.JsonAsync(HttpMethod.Get, "/api/v1/models/train/def-456/metrics");
        var again = await backend.JsonAsync(HttpMethod.Get, "/api/v1/models/train/def-456/metrics");
        Assert.Equal(before.ToJsonString(), again.ToJsonString());
        await backend.JsonAsync(HttpMethod.Post, "/api/v1/models/train/def-456/retrain", _owner);
        await backend.UntilAsync("def-456", _owner, "completed");

        var after = await backend.JsonAsync(HttpMethod.Get, "/api/v1/models/train/def-456/metrics");
        Assert.Equal((int)before["version"]! + 1, (int)after["version"]!);
        Assert.NotEqual(before["metrics"]!.ToJsonString(), after["metrics"]!.ToJsonString());
    }

    [Fact]
    public async Task Changes_EachKind_PostTheirEventsInOrder()
    {
        var id = await backend.TrainAsync(_owner, new { dataset = "credit", model_type = "fast_forest" });
        await backend.JsonAsync(HttpMethod.Patch, $"/api/v1/models/train/{id}", _owner, new { @public = true });
        using var deleted = await backend.SendAsync(HttpMethod.Delete, $"/api/v1/models/train/{id}", _owner);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);

        // The 204 waited for the proxies.
        Assert.Equal(
            ["model.status.changed", "model.status.changed", "model.training.completed", "model.updated", "model.deleted"],
            backend.Events.Where(e => e.Run == id).Select(e => e.Type));
        using var gone = await backend.SendAsync(HttpMethod.Get, $"/api/v1/models/train/{id}/metrics", _owner);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task Training_ThatCannotSucceed_FailsWithItsReasonAndItsEvent()
    {
        var id = await backend.TrainAsync(_owner, new { dataset = "one_class" });
        var state = await backend.JsonAsync(HttpMethod.Get, $"/api/v1/models/train/{id}/status", _owner);
        Assert.Equal("failed", (string)state["status"]!);
        Assert.Contains("same label", (string)state["error"]!, StringComparison.Ordinal);
        using var metrics = await backend.SendAsync(HttpMethod.Get, $"/api/v1/models/train/{id}/metrics", _owner);
        Assert.Equal(HttpStatusCode.Conflict, metrics.StatusCode);
        await Poll.UntilAsync(() => backend.Events.Any(e => e.Run == id && e.Type == "model.training.failed"), "the event");
    }

    [Fact]
    public async Task Status_UntilTheProxiesKnow_SaysFinishing()
    {
        var release = new TaskCompletionSource();
        backend.Proxy = context => backend.Events.Last().Type == "model.training.completed" ? release.Task : Task.CompletedTask;
        try
        {
            var id = (string)(await backend.JsonAsync(HttpMethod.Post, "/api/v1/models/train", _owner, new { dataset = "churn" }))["model_run_id"]!;
            await backend.UntilAsync(id, _owner, "finishing");
            release.SetResult();
            await backend.UntilAsync(id, _owner, "completed");
        }
        finally
        {
            release.TrySetResult();
            backend.Proxy = _ => Task.CompletedTask;
        }
    }

    [Theory]
    [InlineData("{\"dataset\":\"nope\"}", "dataset")]
    [InlineData("{\"model_type\":\"nope\"}", "model_type")]
    [InlineData("{\"parameters\":{\"trees\":0}}", "parameters.trees")]
    public async Task Train_BadValue_IsNamed(string body, string named)
    {
        using var response = await backend.SendAsync(HttpMethod.Post, "/api/v1/models/train", _owner, System.Text.Json.Nodes.JsonNode.Parse(body));
        Assert.Equal(422, (int)response.StatusCode);
        Assert.Contains(named, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compare_OrderOfIds_DoesNotMatter()
    {
        var one = await backend.JsonAsync(HttpMethod.Post, "/api/v1/models/compare", null, new { model_run_ids = new[] { "ghi-789", "abc-123" }, metric = "auc" });
        var other = await backend.JsonAsync(HttpMethod.Post, "/api/v1/models/compare", null, new { model_run_ids = new[] { "abc-123", "ghi-789" }, metric = "auc" });
        Assert.Equal(one.ToJsonString(), other.ToJsonString());
        Assert.InRange((double)one["pairs"]![0]!["probability"]!, 0.5, 1);
    }

    [Fact]
    public async Task FeatureImportance_TopN_IsTheHeadOfTheWhole()
    {
        var whole = (await backend.JsonAsync(HttpMethod.Get, "/api/v1/models/train/abc-123/feature-importance"))["feature_importance"]!.AsArray();
        var top = (await backend.JsonAsync(HttpMethod.Get, "/api/v1/models/train/abc-123/feature-importance?top_n=3"))["feature_importance"]!.AsArray();
        Assert.Equal(8, whole.Count);
        Assert.Equal(whole.Take(3).Select(w => w!.ToJsonString()), top.Select(w => w!.ToJsonString()));
        Assert.Equal("tenure_months", (string)top[0]!["feature"]!);
    }
}
