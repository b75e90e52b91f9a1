using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using ModelsBackend.Data;
using ModelsBackend.Hosting;

namespace ModelsBackend.Tests;

/// <summary>The backend on a port of its own, with a database of its own, and a receiver in the proxy's place.</summary>
public sealed class Backend : IAsyncLifetime
{
    private const string Issuer = "tests";
    private const string Audience = "models";
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly string _folder = Directory.CreateTempSubdirectory("models-").FullName;
    private WebApplication _app = null!;
    private WebApplication _proxy = null!;

    /// <summary>Type and run of every event that arrived.</summary>
    public ConcurrentQueue<(string Id, string Type, string Run)> Events { get; } = new();

    /// <summary>What the proxy answers.</summary>
    public Func<HttpContext, Task> Proxy { get; set; } = _ => Task.CompletedTask;

    public HttpClient Client { get; private set; } = null!;

    public IServiceProvider Services => _app.Services;

    public async Task InitializeAsync()
    {
        _proxy = await StartReceiverAsync();
        _app = ModelsApplication.Build([.. Arguments(_proxy.Urls.First()), "--Logging:LogLevel:Default=Warning"]);
        await _app.Services.GetRequiredService<ModelsDatabase>().CreateAsync(CancellationToken.None);
        await _app.StartAsync();
        Client = new HttpClient { BaseAddress = new Uri(_app.Urls.First()), Timeout = TimeSpan.FromMinutes(2) };
        await Poll.UntilAsync(() => _app.Services.GetRequiredService<Readiness>().IsReady, "the first start", 60);
    }

    public async Task DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _proxy.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A copy of the database, seeded and calibrated, for a process of its own.</summary>
    public async Task<string> CopyDatabaseAsync()
    {
        var copy = Path.Combine(_folder, Guid.NewGuid().ToString("N") + ".db");
        await using var context = await _app.Services.GetRequiredService<ModelsDatabase>().OpenAsync(CancellationToken.None);
        await context.Database.ExecuteSqlAsync($"VACUUM INTO {copy}");
        return copy;
    }

    public string[] Arguments(string target, int port = 0, string? database = null) =>
    [
        $"--Urls=http://127.0.0.1:{port}",
        $"--ConnectionStrings:Models=Data Source={database ?? Path.Combine(_folder, "models.db")}",
        $"--CacheProxy:Targets:0={target}",
        "--CacheProxy:Secret=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "--CacheProxy:FirstRetryAfter=00:00:00.050",
        $"--Authentication:Schemes:Bearer:ValidIssuer={Issuer}",
        $"--Authentication:Schemes:Bearer:ValidAudiences:0={Audience}",
        $"--Authentication:Schemes:Bearer:SigningKeys:0:Issuer={Issuer}",
        $"--Authentication:Schemes:Bearer:SigningKeys:0:Value={Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}",
        $"--Authentication:Schemes:Bearer:SigningKeys:1:Issuer={Issuer}",
        $"--Authentication:Schemes:Bearer:SigningKeys:1:Value={Convert.ToBase64String(_key)}",
    ];

    public string Token(string subject, string scope = "", int expiresInSeconds = 600) => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
    {
        Issuer = Issuer,
        Audience = Audience,
        NotBefore = TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(-1),
        Expires = TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(expiresInSeconds),
        Claims = new Dictionary<string, object> { ["sub"] = subject, ["scope"] = scope },
        SigningCredentials = new SigningCredentials(new SymmetricSecurityKey(_key), SecurityAlgorithms.HmacSha256),
    });

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? token = null, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (body is not null) request.Content = JsonContent.Create(body);
        return await Client.SendAsync(request);
    }

    public async Task<JsonNode> JsonAsync(HttpMethod method, string path, string? token = null, object? body = null)
    {
        using var response = await SendAsync(method, path, token, body);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{method} {path}: {response.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }

    /// <summary>Trains a run and waits until it is done.</summary>
    public async Task<string> TrainAsync(string token, object request)
    {
        var id = (string)(await JsonAsync(HttpMethod.Post, "/api/v1/models/train", token, request))["model_run_id"]!;
        await UntilAsync(id, token, "completed", "failed");
        return id;
    }

    public async Task UntilAsync(string id, string token, params string[] statuses)
    {
        var status = "";
        await Poll.UntilAsync(async () =>
        {
            status = (string)(await JsonAsync(HttpMethod.Get, $"/api/v1/models/train/{id}/status", token))["status"]!;
            return statuses.Contains(status);
        }, $"{id} is {string.Join(" or ", statuses)}", 30);
    }

    public Task<WebApplication> StartReceiverAsync() => StartReceiverAsync(async context =>
    {
        var json = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body);
        Events.Enqueue((context.Request.Headers["webhook-id"].Single()!, json.GetProperty("type").GetString()!, json.GetProperty("data").GetProperty("model_run_id").GetString()!));
        await Proxy(context);
    });

    public static async Task<WebApplication> StartReceiverAsync(RequestDelegate receive)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapPost("/_cache/events", receive);
        await app.StartAsync();
        return app;
    }
}
