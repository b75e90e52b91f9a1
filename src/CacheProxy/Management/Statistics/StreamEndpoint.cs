using System.Text;
using System.Text.Json;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Telemetry;
using CacheProxy.Management.Authentication;

namespace CacheProxy.Management.Statistics;

/// <summary>
/// <c>GET /_cache/stream</c>: this replica's figures each second, as server-sent events. The console reads them with <c>fetch</c>, since an
/// <c>EventSource</c> cannot send a token.
/// </summary>
internal sealed class StreamEndpoint(
    ManagementOptions options, ICacheStatistics statistics, IInvalidationLog log, IHostApplicationLifetime application, TimeProvider time) : IManagementEndpoint
{
    private const int MaxStreams = 64;
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);
    private int _streams;

    public string Path { get; } = options.Prefix + "/stream";

    public string Method => HttpMethods.Get;

    public Permission Needs => Permission.Read;

    public async Task HandleAsync(HttpContext context, string caller)
    {
        if (Interlocked.Increment(ref _streams) > MaxStreams)
        {
            Interlocked.Decrement(ref _streams);
            await new Problem(StatusCodes.Status503ServiceUnavailable, "too-many-streams", "Too many streams", $"{MaxStreams} are open already. Close a console.").WriteAsync(context, s_interval);
            return;
        }

        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, application.ApplicationStopping);
        try
        {
            context.Response.ContentType = "text/event-stream";
            context.Response.Headers.CacheControl = "no-store";
            using var timer = new PeriodicTimer(s_interval, time);
            do await SendAsync(context, ends.Token);
            while (await timer.WaitForNextTickAsync(ends.Token));
        }
        catch (OperationCanceledException) when (ends.IsCancellationRequested)
        {
            // The console was closed, or the process ends.
        }
        finally
        {
            Interlocked.Decrement(ref _streams);
        }
    }

    private async Task SendAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var status = log.Status;
        var figures = new StreamFigures(
            time.GetUtcNow(), statistics.Hits, statistics.Misses, statistics.MemoryBytes, statistics.MemoryEntries,
            status.LeaseValid, status.Replicas, status.Pending, status.Position?.Sequence, status.Problem);
        var text = $"data: {JsonSerializer.Serialize(figures, ManagementJson.Default.StreamFigures)}\n\n";
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken);
        await context.Response.Body.FlushAsync(cancellationToken);
    }
}
