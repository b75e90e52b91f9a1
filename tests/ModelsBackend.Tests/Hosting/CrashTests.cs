using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace ModelsBackend.Tests.Hosting;

public class CrashTests(Backend backend) : IClassFixture<Backend>
{
    [Fact]
    public async Task ProcessKilledBetweenSendAndMark_NextStart_SendsTheSameEventAndFinishesTheTraining()
    {
        var arrived = new ConcurrentQueue<string>();
        var hold = true;
        var never = new TaskCompletionSource();
        await using var proxy = await Backend.StartReceiverAsync(context =>
        {
            arrived.Enqueue(context.Request.Headers["webhook-id"].Single()!);
            return Volatile.Read(ref hold) ? never.Task.WaitAsync(context.RequestAborted) : Task.CompletedTask;
        });
        var port = FreePort();
        var arguments = backend.Arguments(proxy.Urls.First(), port, await backend.CopyDatabaseAsync());
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        var owner = backend.Token("alice");
        client.DefaultRequestHeaders.Authorization = new("Bearer", owner);

        using (var first = Start(arguments))
        {
            await ReadyAsync(client);
            using var accepted = await client.PostAsync(new Uri("/api/v1/models/train/ghi-789/retrain", UriKind.Relative), null);
            Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
            await Poll.UntilAsync(() => !arrived.IsEmpty, "the first send");
            first.Kill();
            await first.WaitForExitAsync();
        }

        Volatile.Write(ref hold, false);
        var sent = arrived.First();
        var before = arrived.Count;
        using var second = Start(arguments);
        try
        {
            await Poll.UntilAsync(() => arrived.Count > before, "the send after the restart", 30);
            Assert.Equal(sent, arrived.ElementAt(before));
            await ReadyAsync(client);
            await Poll.UntilAsync(async () => (await client.GetStringAsync(new Uri("/api/v1/models/train/ghi-789/status", UriKind.Relative))).Contains("\"completed\",\"version\":2", StringComparison.Ordinal), "the training", 30);
        }
        finally
        {
            second.Kill();
            await second.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task Health_WhenReady_CountsTheOutbox()
    {
        var health = await backend.JsonAsync(HttpMethod.Get, "/healthz");
        Assert.Equal(("ready", 0), ((string)health["status"]!, (int)health["outbox"]!["dead"]!));
    }

    [Fact]
    public async Task Outbox_WithItsScope_IsShownAndRedelivered()
    {
        var operatorsToken = backend.Token("ops", "cache:read outbox:write");
        Assert.Equal(0, (int)(await backend.JsonAsync(HttpMethod.Get, "/outbox", operatorsToken))["dead"]!);
        Assert.Equal(0, (int)(await backend.JsonAsync(HttpMethod.Post, "/outbox/redeliver", operatorsToken))["redelivered"]!);
        using var owner = await backend.SendAsync(HttpMethod.Get, "/outbox", backend.Token("alice"));
        Assert.Equal(HttpStatusCode.Forbidden, owner.StatusCode);
    }

    private static Process Start(string[] arguments)
    {
        var program = typeof(ModelsBackend.Hosting.ModelsApplication).Assembly.Location;
        return Process.Start(new ProcessStartInfo("dotnet", [program, .. arguments, "--Logging:LogLevel:Default=Error"]) { UseShellExecute = false })!;
    }

    private static Task ReadyAsync(HttpClient client) => Poll.UntilAsync(async () =>
    {
        try
        {
            return (await client.GetAsync(new Uri("/healthz", UriKind.Relative))).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }, "the process is ready", 60);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
