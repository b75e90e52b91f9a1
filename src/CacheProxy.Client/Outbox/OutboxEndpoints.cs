using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CacheProxy.Client.Outbox;

/// <summary>What operators see of the outbox. Protect the group: <c>app.MapCacheOutbox("/outbox").RequireAuthorization(…)</c>.</summary>
public static class OutboxEndpoints
{
    private const int Shown = 100;

    /// <summary>
    /// <c>GET</c>: <c>{"pending","dead","letters":[…]}</c> with the 100 oldest dead letters. <c>POST …/redeliver[?sequence=]</c>: makes one or all
    /// of them pending again, <c>{"redelivered": n}</c>.
    /// </summary>
    public static RouteGroupBuilder MapCacheOutbox(this IEndpointRouteBuilder endpoints, string prefix)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var group = endpoints.MapGroup(prefix);
        group.MapGet("", (RequestDelegate)ShowAsync);
        group.MapPost("/redeliver", (RequestDelegate)RedeliverAsync);
        return group;
    }

    private static async Task ShowAsync(HttpContext context)
    {
        var (store, options) = Services(context);
        var counts = await store.CountAsync(options.Targets.AsReadOnly(), null, context.RequestAborted);
        var letters = await store.ReadDeadAsync(Shown, context.RequestAborted);
        await WriteAsync(context, json =>
        {
            json.WriteNumber("pending", counts.Pending);
            json.WriteNumber("dead", counts.Dead);
            json.WriteStartArray("letters");
            foreach (var letter in letters) Write(json, letter);
            json.WriteEndArray();
        });
    }

    private static async Task RedeliverAsync(HttpContext context)
    {
        long? sequence = null;
        if (context.Request.Query["sequence"] is [{ } text])
        {
            if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                await Results.Problem($"sequence is '{text}': give a dead letter's number, or leave it out for all.", statusCode: 400).ExecuteAsync(context);
                return;
            }

            sequence = number;
        }

        var clock = context.RequestServices.GetRequiredService<TimeProvider>();
        var count = await Services(context).Store.RedeliverAsync(sequence, clock.GetUtcNow(), context.RequestAborted);
        context.RequestServices.GetRequiredService<OutboxSignal>().Raise();
        await WriteAsync(context, json => json.WriteNumber("redelivered", count));
    }

    private static (IOutboxStore Store, CacheProxyClientOptions Options) Services(HttpContext context) =>
        (context.RequestServices.GetRequiredService<IOutboxStore>(), context.RequestServices.GetRequiredService<IOptions<CacheProxyClientOptions>>().Value);

    private static void Write(Utf8JsonWriter json, DeadLetter letter)
    {
        json.WriteStartObject();
        json.WriteNumber("sequence", letter.Sequence);
        json.WriteString("partition", letter.Partition);
        json.WriteString("id", letter.Id);
        json.WriteString("type", letter.Type);
        json.WriteString("target", letter.Target.AbsoluteUri);
        json.WriteString("created_at", letter.CreatedAt);
        json.WriteString("last_error", letter.LastError);
        json.WriteEndObject();
    }

    private static async Task WriteAsync(HttpContext context, Action<Utf8JsonWriter> members)
    {
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter);
        json.WriteStartObject();
        members(json);
        json.WriteEndObject();
        await json.FlushAsync(context.RequestAborted);
    }
}
