using System.Net;

namespace ModelsBackend.Tests.Runs;

public class AccessTests(Backend backend) : IClassFixture<Backend>
{
    [Fact]
    public async Task PrivateRun_EveryEndpoint_Gives401To403To200ByWhoAsks()
    {
        var owner = backend.Token("alice");
        var id = await backend.TrainAsync(owner, new { dataset = "churn" });
        (HttpMethod Method, string Path, object? Body)[] endpoints =
        [
            (HttpMethod.Get, $"/api/v1/models/train/{id}/access", null),
            (HttpMethod.Get, $"/api/v1/models/train/{id}/status", null),
            (HttpMethod.Get, $"/api/v1/models/train/{id}/result", null),
            (HttpMethod.Get, $"/api/v1/models/train/{id}/metrics", null),
            (HttpMethod.Get, $"/api/v1/models/train/{id}/feature-importance?top_n=2", null),
            (HttpMethod.Post, "/api/v1/models/compare", new { model_run_ids = new[] { "abc-123", id } }),
            (HttpMethod.Patch, $"/api/v1/models/train/{id}", new { name = "mine" }),
            (HttpMethod.Post, $"/api/v1/models/train/{id}/retrain", null),
        ];
        foreach (var (method, path, body) in endpoints)
        {
            using var anonymous = await backend.SendAsync(method, path, null, body);
            Assert.Equal((path, HttpStatusCode.Unauthorized), (path, anonymous.StatusCode));
            Assert.Equal("Bearer", anonymous.Headers.WwwAuthenticate.ToString());
            Assert.Equal("application/problem+json", anonymous.Content.Headers.ContentType!.MediaType);
            using var expired = await backend.SendAsync(method, path, backend.Token("alice", expiresInSeconds: -120), body);
            Assert.Equal((path, HttpStatusCode.Unauthorized), (path, expired.StatusCode));
            using var stranger = await backend.SendAsync(method, path, backend.Token("mallory"), body);
            Assert.Equal((path, HttpStatusCode.Forbidden), (path, stranger.StatusCode));
        }

        foreach (var (method, path, body) in endpoints)
        {
            using var mine = await backend.SendAsync(method, path, owner, body);
            Assert.True(mine.IsSuccessStatusCode, $"{path}: {mine.StatusCode}");
        }
    }

    [Fact]
    public async Task PublicRun_Anonymous_ReadsItAndNothingForbidsCaching()
    {
        foreach (var path in new[] { "metrics?use_cache=false", "feature-importance?top_n=3", "access", "status", "result" })
        {
            using var response = await backend.SendAsync(HttpMethod.Get, $"/api/v1/models/train/abc-123/{path}");
            Assert.Equal((path, HttpStatusCode.OK), (path, response.StatusCode));
            Assert.False(response.Headers.Contains("Set-Cookie") || response.Headers.Contains("Vary") || response.Headers.CacheControl is not null);
        }
    }

    [Fact]
    public async Task Runs_List_HoldsPublicOnesAndOnesOwn()
    {
        var owner = backend.Token("bob");
        var id = await backend.TrainAsync(owner, new { dataset = "churn" });
        string[] Ids(System.Text.Json.Nodes.JsonNode list) => [.. list["runs"]!.AsArray().Select(r => (string)r!["model_run_id"]!)];
        Assert.Contains(id, Ids(await backend.JsonAsync(HttpMethod.Get, "/api/v1/models/runs", owner)));
        var others = Ids(await backend.JsonAsync(HttpMethod.Get, "/api/v1/models/runs"));
        Assert.DoesNotContain(id, others);
        Assert.Contains("abc-123", others);
    }

    [Fact]
    public async Task Uuid_InAnotherSpelling_IsTheSameRun()
    {
        var owner = backend.Token("carol");
        var id = await backend.TrainAsync(owner, new { dataset = "churn" });
        var state = await backend.JsonAsync(HttpMethod.Get, $"/api/v1/models/train/{id.Replace("-", "", StringComparison.Ordinal).ToUpperInvariant()}/status", owner);
        Assert.Equal(id, (string)state["model_run_id"]!);
    }

    [Fact]
    public async Task Demo_ChangedOrDeleted_IsForbidden()
    {
        using var delete = await backend.SendAsync(HttpMethod.Delete, "/api/v1/models/train/abc-123", backend.Token("alice"));
        Assert.Equal(HttpStatusCode.Forbidden, delete.StatusCode);
    }

    [Theory]
    [InlineData("GET", "/api/v1/models/train/abc-123/feature-importance?top_n=0", null, 422)]
    [InlineData("GET", "/api/v1/models/train/abc-123/feature-importance?top_n=x", null, 422)]
    [InlineData("POST", "/api/v1/models/compare", "{\"model_run_ids\":[\"abc-123\"]}", 422)]
    [InlineData("POST", "/api/v1/models/compare", "{\"model_run_ids\":[\"abc-123\",\"abc-123\"]}", 422)]
    [InlineData("POST", "/api/v1/models/compare", "{\"model_run_ids\":[\"abc-123\",\"def-456\"],\"metric\":\"beauty\"}", 422)]
    [InlineData("POST", "/api/v1/models/compare", "{\"model_run_ids\":[\"abc-123\",\"nope\"]}", 404)]
    [InlineData("POST", "/api/v1/models/compare", "{\"model_run_ids\":[\"a\",\"b\"],\"model_run_ids\":[]}", 400)]
    [InlineData("POST", "/api/v1/models/compare", "{", 400)]
    [InlineData("GET", "/api/v1/models/train/nope/metrics", null, 404)]
    [InlineData("POST", "/api/v1/models/train", "{}", 401)]
    [InlineData("GET", "/nowhere", null, 404)]
    [InlineData("GET", "/outbox", null, 401)]
    public async Task BadRequest_Any_GetsAProblem(string method, string path, string? body, int expected)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null) request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await backend.Client.SendAsync(request);
        Assert.Equal(expected, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
    }
}
