using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CacheProxy.Client.Tests;

/// <summary>What arrived: the signature is checked against the secret with code of its own.</summary>
public sealed record Received(string Id, long Timestamp, string[] Signatures, string Body, string ContentType)
{
    public bool IsSignedWith(string secret)
    {
        var key = Convert.FromBase64String(secret["whsec_".Length..]);
        var content = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Id}.{Timestamp}.{Body}"));
        return Signatures.Contains("v1," + Convert.ToBase64String(HMACSHA256.HashData(key, content)));
    }
}

/// <summary>A real Kestrel in the proxy's place; answers as it is told, 200 otherwise.</summary>
public sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication _app;

    private Receiver(WebApplication app) => _app = app;

    public ConcurrentQueue<Received> All { get; } = new();

    /// <summary>Given the delivery and how many came before it.</summary>
    public Func<Received, int, HttpContext, Task> Answer { get; set; } = (_, _, _) => Task.CompletedTask;

    public Uri Url => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public static async Task<Receiver> StartAsync(int port = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var receiver = new Receiver(builder.Build());
        receiver._app.MapPost("/_cache/events", receiver.ReceiveAsync);
        await receiver._app.StartAsync();
        return receiver;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task ReceiveAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var received = new Received(
            context.Request.Headers["webhook-id"].Single()!,
            long.Parse(context.Request.Headers["webhook-timestamp"].Single()!, CultureInfo.InvariantCulture),
            context.Request.Headers["webhook-signature"].Single()!.Split(' '),
            await reader.ReadToEndAsync(),
            context.Request.ContentType ?? "");
        int before;
        lock (All)
        {
            before = All.Count;
            All.Enqueue(received);
        }

        await Answer(received, before, context);
    }
}
