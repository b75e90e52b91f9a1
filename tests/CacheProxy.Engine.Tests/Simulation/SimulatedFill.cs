using CacheProxy.Engine.Caching;
using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Storage;

namespace CacheProxy.Engine.Tests.Simulation;

/// <summary>
/// A fill, in the steps of <c>FillRunner</c> and <c>FillOrigin</c>: stamp, shared tier, origin, store; what it asks for and what the head
/// decides is the product's code.
/// </summary>
internal sealed class SimulatedFill(World world, SimulatedReplica replica, Model model, Fill fill, Action<Fill> ended, bool stampsLate = false)
{
    private readonly Derivation _derivation = new(world.Mistake, replica, fill);

    private Scheduler Scheduler => world.Scheduler;

    private bool StampsLate => stampsLate || world.Mistake == Mistake.StampAfterTheAnswer;

    public void Start() => replica.After(Scheduler.Between(0, Scheduler.Millisecond), () =>
    {
        if (!StampsLate) fill.Begin(replica.Log);
        if (!fill.MayUseStored || fill.Snapshot is null) Ask(ValidStored());
        else replica.After(world.Delay(), Look);
    });

    /// <summary>What the one who asked has found in memory, if it is valid under the fill's own stamp.</summary>
    private MemoryEntry? ValidStored() => fill.Snapshot is { } begun && fill.Stored?.Check(begun) != Verdict.Invalid ? fill.Stored : null;

    private void Look()
    {
        var redis = world.RedisOf(replica.Slot);
        if (!redis.IsUp || replica.Link.IsCut || !redis.Keys.Shared.TryGetValue(model.Key, out var found))
        {
            Ask(ValidStored());
            return;
        }

        replica.After(world.Delay(), () =>
        {
            var response = world.Mistake == Mistake.EpochNotCompared ? found with { Stamp = new(fill.Snapshot!.Epoch, found.Stamp.Sequence) } : found;
            var entry = new MemoryEntry(response, replica.Time);
            var isChecked = world.Mistake != Mistake.SharedNotChecked;
            if (isChecked && (!Reuse.IsFresh(entry, fill.Snapshot!) || response.AlwaysValidate))
            {
                var stored = ValidStored();
                var younger = entry.Check(fill.Snapshot!) != Verdict.Invalid && (stored is null || response.ResponseTime > stored.Response.ResponseTime);
                Ask(younger ? entry : stored);
                return;
            }

            fill.Decide(new FillOutcome.Serving(replica.Memory.Add(response), CacheResult.HitShared, null));
            ended(fill);
        });
    }

    private void Ask(MemoryEntry? stored) => Ask(stored, FillBasis.Of(fill, _derivation.Validated(stored), replica.Time.GetUtcNow()));

    private void Ask(MemoryEntry? stored, FillBasis basis)
    {
        var asked = replica.Time.GetUtcNow();
        Scheduler.After(world.OriginDelay(), () =>
        {
            // The origin reads here, and its answer is under way while the world goes on.
            var fails = Scheduler.Chance(0.08);
            var answer = SimulatedOrigin.Answer(world, model, fill, basis);
            replica.After(world.OriginDelay(), () =>
            {
                if (fails) Fail(stored);
                else Receive(answer, stored, basis, asked);
            });
        });
    }

    private void Fail(MemoryEntry? stored)
    {
        var fallback = world.Mistake == Mistake.InvalidAsFallback ? fill.Stored : stored;
        fill.Decide(fallback is null ? new FillOutcome.Failed(FillFailure.Unreachable) : new FillOutcome.Serving(fallback, CacheResult.Stale, StaleReason.IfError));
        ended(fill);
    }

    private void Receive(SimulatedResponse answer, MemoryEntry? stored, FillBasis basis, DateTimeOffset asked)
    {
        if (StampsLate) fill.Begin(replica.Log);
        var head = replica.Heads.Decide(fill, basis, answer.Status, answer.Headers, asked);
        if (head.AsksAgain)
        {
            Ask(stored, FillBasis.Plain(stored));
            return;
        }

        head = _derivation.Decided(head, basis);
        replica.Bodies[fill] = [.. head.Before.Span, .. answer.Body];
        fill.Decide(head.Outcome!);
        replica.After(Scheduler.Between(0, 2 * Scheduler.Millisecond), () =>
        {
            var response = head.Freshened ?? Stored(head);
            ended(fill);
            if (response is { IsPartial: false }) Share(response);
        });
    }

    private StoredResponse? Stored(DecidedHead head)
    {
        if (head.Prototype is not { } prototype) return null;
        var response = prototype with { Body = replica.Bodies[fill] };
        if (response.IsPartial && FillBasis.PartOf(fill) is { } part) response = _derivation.United(Parts.Unite(part.Response, response, replica.Time.GetUtcNow()));
        replica.Memory.Add(response);
        return response;
    }

    private void Share(StoredResponse response)
    {
        var redis = world.RedisOf(replica.Slot);
        Scheduler.After(world.Delay(), () =>
        {
            if (redis.IsUp && redis.IsMaster) redis.Write(redis.Keys with { Shared = redis.Keys.Shared.SetItem(model.Key, response) });
        });
    }
}
