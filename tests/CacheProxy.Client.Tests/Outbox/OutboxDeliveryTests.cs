using CacheProxy.Client.Events;
using CacheProxy.Client.Outbox;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace CacheProxy.Client.Tests.Outbox;

public class OutboxDeliveryTests
{
    private readonly MemoryOutbox _store = new();

    [Fact]
    public async Task CrashBetweenSendAndMark_NextStart_SendsTheSameEventAgain()
    {
        await using var receiver = await Receiver.StartAsync();
        _store.BeforeMark = () => throw new IOException("crash");
        var cacheEvent = Add("m");
        await using (var first = ClientHost.Services([receiver.Url], store: _store))
        {
            var delivery = await StartAsync(first);
            await Poll.UntilAsync(() => !receiver.All.IsEmpty, "the first send");
            await delivery.StopAsync(CancellationToken.None);
        }

        var before = receiver.All.Count;
        _store.BeforeMark = () => { };
        await using var second = ClientHost.Services([receiver.Url], store: _store);
        await StartAsync(second);
        await Poll.UntilAsync(() => _store.Count == 0, "delivery after the restart");
        Assert.Equal(before + 1, receiver.All.Count);
        Assert.All(receiver.All, r => Assert.Equal(cacheEvent.Id, r.Id));
        Assert.Single(receiver.All.Select(r => r.Body).Distinct());
    }

    [Fact]
    public async Task TargetFails_ThenRecovers_EveryModelsEventsArriveInOrder()
    {
        await using var receiver = await Receiver.StartAsync();
        var fails = 0;
        receiver.Answer = (_, _, context) =>
        {
            if (Interlocked.Increment(ref fails) % 5 == 0) context.Response.StatusCode = 503;
            return Task.CompletedTask;
        };
        var expected = new Dictionary<string, List<string>>();
        for (var i = 0; i < 200; i++)
        {
            var model = $"m{i % 7}";
            if (!expected.TryGetValue(model, out var ids)) expected[model] = ids = [];
            ids.Add(Add(model).Id);
        }

        await using var services = ClientHost.Services([receiver.Url], store: _store, settings: ("FirstRetryAfter", "00:00:00.001"));
        await StartAsync(services);
        await Poll.UntilAsync(() => _store.Count == 0, "all delivered");

        foreach (var (model, ids) in expected)
        {
            // First arrivals, in order: an event comes again only after its own failure, never before an earlier one has been taken.
            Assert.Equal(ids, receiver.All.Where(r => r.Body.Contains($"\"{model}\"", StringComparison.Ordinal)).Select(r => r.Id).Distinct());
        }
    }

    [Fact]
    public async Task OneTargetDown_TheOther_IsNotHeldUp()
    {
        await using var up = await Receiver.StartAsync();
        await using var down = await Receiver.StartAsync();
        var isDown = true;
        down.Answer = (_, _, context) =>
        {
            if (Volatile.Read(ref isDown)) context.Response.StatusCode = 503;
            return Task.CompletedTask;
        };
        for (var i = 0; i < 20; i++) Add("m");
        await using var services = ClientHost.Services([up.Url, down.Url], store: _store);
        await StartAsync(services);
        await Poll.UntilAsync(() => up.All.Count == 20, "the healthy target has all");
        Assert.Equal(20, _store.Count);

        Volatile.Write(ref isDown, false);
        await Poll.UntilAsync(() => _store.Count == 0, "the other target has all");
        Assert.Equal(20, up.All.Count);
    }

    [Fact]
    public async Task RefusedEvent_IsSetAside_AndDoesNotHoldUpTheModelsLaterOnes()
    {
        await using var receiver = await Receiver.StartAsync();
        var refused = Add("m", "no.such");
        var mapped = false;
        receiver.Answer = (received, _, context) =>
        {
            if (received.Id == refused.Id && !Volatile.Read(ref mapped)) context.Response.StatusCode = 422;
            return Task.CompletedTask;
        };
        var later = Add("m");
        await using var services = ClientHost.Services([receiver.Url], store: _store);
        await StartAsync(services);
        await Poll.UntilAsync(() => receiver.All.Any(r => r.Id == later.Id), "the later event");
        Assert.Equal(1, _store.Count);

        Volatile.Write(ref mapped, true);
        await Poll.UntilAsync(() => _store.Count == 0, "the refused event, once the proxy knows its type");
    }

    [Fact]
    public async Task TargetDownForDays_Event_BecomesADeadLetterThatCanBeRedelivered()
    {
        var clock = new SteppedClock();
        await using var receiver = await Receiver.StartAsync();
        var isDown = true;
        receiver.Answer = (_, _, context) =>
        {
            if (Volatile.Read(ref isDown)) context.Response.StatusCode = 500;
            return Task.CompletedTask;
        };
        _store.Add("m", CacheEvent.OfModel("model.updated", "m", clock), clock.GetUtcNow());
        await using var services = ClientHost.Services([receiver.Url], clock, _store, ("LongestRetryAfter", "06:00:00"));
        await StartAsync(services);
        await Poll.UntilAsync(() => receiver.All.Count == 1, "the first attempt");
        Assert.Equal(new OutboxCounts(1, 0), await services.GetRequiredService<OutboxProgress>().CountAsync(CancellationToken.None));

        await Poll.UntilAsync(() =>
        {
            clock.EndPause();
            return _store.DeadCount == 1;
        }, "a dead letter");
        Assert.True(clock.GetUtcNow() - SteppedClock.Beginning >= TimeSpan.FromDays(7));

        Volatile.Write(ref isDown, false);
        Assert.Equal(1, await _store.RedeliverAsync(null, clock.GetUtcNow(), CancellationToken.None));
        services.GetRequiredService<OutboxSignal>().Raise();
        await Poll.UntilAsync(() =>
        {
            clock.EndPause();
            return _store.Count == 0;
        }, "the redelivery");
    }

    [Fact]
    public async Task WaitUntilDelivered_ReturnsWhenTheTargetHasTakenIt()
    {
        await using var receiver = await Receiver.StartAsync();
        var release = new TaskCompletionSource();
        receiver.Answer = (_, _, _) => release.Task;
        Add("m");
        await using var services = ClientHost.Services([receiver.Url], store: _store);
        await StartAsync(services);
        var waiting = services.GetRequiredService<OutboxProgress>().WaitUntilDeliveredAsync("m", TimeSpan.FromSeconds(20), CancellationToken.None);
        await Poll.UntilAsync(() => receiver.All.Count == 1, "the attempt");
        Assert.False(waiting.IsCompleted);
        release.SetResult();
        Assert.True(await waiting);
    }

    private static async Task<IHostedService> StartAsync(ServiceProvider services)
    {
        var delivery = services.GetServices<IHostedService>().OfType<OutboxDelivery>().Single();
        await delivery.StartAsync(CancellationToken.None);
        return delivery;
    }

    private CacheEvent Add(string model, string type = CacheEventTypes.Updated)
    {
        var cacheEvent = CacheEvent.OfModel(type, model, TimeProvider.System);
        _store.Add(model, cacheEvent, TimeProvider.System.GetUtcNow());
        return cacheEvent;
    }
}
