using System.Net;
using System.Text;
using CacheProxy.Client.Events;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace CacheProxy.Client.Tests.Events;

public class CacheEventSenderTests
{
    private const string Previous = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    [Fact]
    public async Task Send_ToSeveralProxies_ReachesEachWithAGoodSignature()
    {
        await using var first = await Receiver.StartAsync();
        await using var second = await Receiver.StartAsync();
        await using var services = ClientHost.Services([first.Url, second.Url]);
        var cacheEvent = CacheEvent.OfModel(CacheEventTypes.Updated, "abc-123", TimeProvider.System);

        await services.GetRequiredService<CacheEventSender>().SendAsync(cacheEvent);

        foreach (var receiver in new[] { first, second })
        {
            var received = Assert.Single(receiver.All);
            Assert.True(received.IsSignedWith(ClientHost.Secret));
            Assert.Equal((cacheEvent.Id, "application/json"), (received.Id, received.ContentType));
            Assert.Contains("\"data\":{\"model_run_id\":\"abc-123\"}", received.Body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Send_FailedAttempts_KeepTheIdAndRenewTimestampAndSignature()
    {
        var clock = new SteppedClock();
        await using var receiver = await Receiver.StartAsync();
        receiver.Answer = (_, before, context) =>
        {
            context.Response.StatusCode = before switch { 0 => 503, 1 => 302, 2 => 429, _ => 200 };
            context.Response.Headers.RetryAfter = "7";
            return Task.CompletedTask;
        };
        await using var services = ClientHost.Services([receiver.Url], clock);
        var sending = services.GetRequiredService<CacheEventSender>().SendAsync(CacheEvent.OfModel("model.updated", "m", clock));
        for (var attempt = 1; attempt < 4; attempt++)
        {
            TimeSpan? pause = null;
            await Poll.UntilAsync(() => (pause = clock.TakePause()) is not null, $"the pause after attempt {attempt}");
            Assert.Equal((attempt, TimeSpan.FromSeconds(7)), (receiver.All.Count, pause));
            clock.Advance(TimeSpan.FromSeconds(7));
        }

        await sending;
        Assert.Single(receiver.All.Select(r => r.Id).Distinct());
        Assert.Single(receiver.All.Select(r => r.Body).Distinct());
        Assert.Equal(4, receiver.All.Select(r => r.Timestamp).Distinct().Count());
        Assert.All(receiver.All, r => Assert.True(r.IsSignedWith(ClientHost.Secret)));
    }

    [Fact]
    public async Task Send_WhileSecretsAreRotated_SignsWithBoth()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var services = ClientHost.Services([receiver.Url], settings: ("PreviousSecret", Previous));
        await services.GetRequiredService<CacheEventSender>().SendAsync(CacheEvent.OfModel("model.updated", "m", TimeProvider.System));
        var received = Assert.Single(receiver.All);
        Assert.True(received.IsSignedWith(ClientHost.Secret) && received.IsSignedWith(Previous));
    }

    [Theory]
    [InlineData(422)]
    [InlineData(413)]
    [InlineData(410)]
    public async Task Send_RefusedForGood_IsNotRepeatedAndThrowsWhatTheProxySaid(int status)
    {
        await using var receiver = await Receiver.StartAsync();
        receiver.Answer = (_, _, context) =>
        {
            context.Response.StatusCode = status;
            return context.Response.WriteAsync("known types: model.updated");
        };
        await using var services = ClientHost.Services([receiver.Url]);
        var error = await Assert.ThrowsAsync<CacheEventDeliveryException>(() =>
            services.GetRequiredService<CacheEventSender>().SendAsync(CacheEvent.OfModel("no.such", "m", TimeProvider.System)));
        Assert.Single(receiver.All);
        Assert.Contains("known types: model.updated", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(ClientHost.Secret, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_NobodyListens_ThrowsAfterItsAttempts()
    {
        var receiver = await Receiver.StartAsync();
        var url = receiver.Url;
        await receiver.DisposeAsync();
        await using var services = ClientHost.Services([url], settings: ("Attempts", "3"));
        var error = await Assert.ThrowsAsync<CacheEventDeliveryException>(() =>
            services.GetRequiredService<CacheEventSender>().SendAsync(CacheEvent.OfModel("model.updated", "m", TimeProvider.System)));
        Assert.Equal(DeliveryOutcome.Later, Assert.Single(error.Failures).Outcome);
    }

    [Fact]
    public async Task Attempt_NoAnswer_EndsAtItsLimit()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        await using var receiver = await Receiver.StartAsync();
        var release = new TaskCompletionSource();
        receiver.Answer = (_, _, _) => release.Task;
        await using var services = ClientHost.Services([receiver.Url], clock);
        var attempt = services.GetRequiredService<CacheEventSender>()
            .TryOnceAsync(receiver.Url, CacheEvent.OfModel("model.updated", "m", clock), CancellationToken.None);
        await Poll.UntilAsync(() => receiver.All.Count == 1, "the attempt");
        clock.Advance(TimeSpan.FromSeconds(20));
        var result = await attempt;
        release.SetResult();
        Assert.Equal((DeliveryOutcome.Later, "no answer within 20 s"), (result.Outcome, result.Reason));
    }

    [Theory]
    [InlineData(HttpStatusCode.NoContent, DeliveryOutcome.Delivered)]
    [InlineData(HttpStatusCode.Found, DeliveryOutcome.Later)]
    [InlineData(HttpStatusCode.Unauthorized, DeliveryOutcome.Later)]
    [InlineData(HttpStatusCode.NotFound, DeliveryOutcome.Later)]
    [InlineData(HttpStatusCode.RequestTimeout, DeliveryOutcome.Later)]
    [InlineData(HttpStatusCode.BadRequest, DeliveryOutcome.Refused)]
    [InlineData(HttpStatusCode.Gone, DeliveryOutcome.Gone)]
    [InlineData(HttpStatusCode.GatewayTimeout, DeliveryOutcome.Later)]
    public void Status_Classified_SaysWhetherToRepeat(HttpStatusCode status, DeliveryOutcome expected) =>
        Assert.Equal(expected, CacheEventSender.Classify(status));

    [Fact]
    public async Task Send_WithoutSecret_SaysWhatToConfigure()
    {
        await using var services = ClientHost.Services([], settings: ("Secret", ""));
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            services.GetRequiredService<CacheEventSender>().SendAsync(CacheEvent.OfModel("model.updated", "m", TimeProvider.System)));
        Assert.Contains("CacheProxy:Secret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Event_WithBadIdOrTooLarge_IsRefusedHere()
    {
        Assert.Throws<ArgumentException>(() => new CacheEvent("a.b", "t", default));
        Assert.Throws<ArgumentException>(() => new CacheEvent("a", "t", new byte[CacheEvent.MaxBodySize + 1]));
        Assert.Throws<ArgumentException>(() => CacheEvent.OfInvalidation(new CacheInvalidation(), TimeProvider.System));
        Assert.Throws<ArgumentException>(() => CacheEvent.OfInvalidation(new() { Tags = [.. Enumerable.Range(0, 1001).Select(i => $"t{i}")] }, TimeProvider.System));
    }

    [Fact]
    public void Invalidation_AsEvent_HasTheProxysBody() => Assert.EndsWith(
        "\"data\":{\"keys\":[],\"tags\":[\"model:a\"],\"patterns\":[],\"everything\":false,\"mode\":\"soft\"}}",
        Encoding.UTF8.GetString(CacheEvent.OfInvalidation(CacheInvalidation.OfModel("a") with { Mode = CacheInvalidationMode.Soft }, TimeProvider.System).Body.Span),
        StringComparison.Ordinal);
}
