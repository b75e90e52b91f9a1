using CacheProxy.Engine.Access;
using CacheProxy.Engine.Invalidation;

namespace CacheProxy.Engine.Tests.Simulation;

/// <summary>
/// A caller's question whether it may see a model, in the steps of <c>AccessGate</c>, with the product's lease, snapshot and memory of decisions.
/// The backend decides by the version that it has then: a decision by one that a purge has outdated before the question began is as bad as an
/// old response.
/// </summary>
internal sealed class SimulatedAccess(World world, SimulatedReplica replica, Model model)
{
    private static readonly TimeSpan s_life = TimeSpan.FromSeconds(30);
    private readonly long _started = world.Scheduler.Now;
    private readonly int _least = Math.Max(world.Promised.Access(model), world.PromisedHere.GetValueOrDefault(replica)?.Access(model) ?? 0);

    private Scheduler Scheduler => world.Scheduler;

    public void Start() => replica.Post(() =>
    {
        var right = replica.Log.TakeRight(out var snapshot);
        if (world.Mistake == Mistake.AccessWithoutLease && replica.Log.Current is { } current) (right, snapshot) = (ServingRight.Full, current);
        replica.Preempted(right == ServingRight.Full ? () => Look(snapshot!) : Ask);
    });

    private void Look(Snapshot snapshot)
    {
        if (replica.Decisions.Remembered(model.Identity) is { } remembered && IsGood(remembered, snapshot)) Judge(remembered, "remembered");
        else if (replica.Decisions.UnderWay(model.Identity) is { } asked && MayJoin(asked, snapshot)) _ = WaitAsync(asked, "joined");
        else replica.Preempted(Ask);
    }

    private bool IsGood(AccessQuestion remembered, Snapshot snapshot) => world.Mistake switch
    {
        Mistake.AccessNotForgotten => true,
        Mistake.AccessSurvivesSoftPurge => snapshot.Check(remembered.Stamp!.Value, model.Key, model.Tags) != Verdict.Invalid,
        _ => remembered.IsValid(snapshot),
    };

    private bool MayJoin(AccessQuestion asked, Snapshot snapshot) => world.Mistake == Mistake.AccessJoinedUnchecked || asked.IsValid(snapshot);

    private void Ask()
    {
        var tags = world.Mistake == Mistake.AccessLosesTags ? [] : model.Tags;
        var question = new AccessQuestion(model.Identity, replica.Log.Current?.Position, model.Key, tags);
        replica.Decisions.Begin(question);
        var answer = new TaskCompletionSource<AccessAnswer>();
        question.AnsweredBy(answer.Task);
        Scheduler.After(world.OriginDelay(), () =>
        {
            // The backend decides here, and its answer is under way while the world goes on.
            replica.DecidedBy[question] = world.Committed[model.Index];
            replica.After(world.OriginDelay(), () =>
            {
                Remember(question);
                replica.Decisions.End(question);
                answer.SetResult(AccessAnswer.Allowed);
            });
        });
        _ = WaitAsync(question, "asked");
    }

    private void Remember(AccessQuestion question)
    {
        if (world.Mistake == Mistake.AccessStampedLate)
        {
            var late = new AccessQuestion(question.Key, replica.Log.Current?.Position, model.Key, model.Tags);
            replica.DecidedBy[late] = replica.DecidedBy[question];
            question = late;
        }

        replica.Decisions.Remember(question, s_life);
    }

    private async Task WaitAsync(AccessQuestion question, string how)
    {
        await question.Answer;
        Judge(question, how);
    }

    private void Judge(AccessQuestion question, string how)
    {
        var version = replica.DecidedBy[question];
        Scheduler.Trace("caller", $"{model.Key} at replica{replica.Slot}: allowed by version {version}, {how}, stamp {question.Stamp?.Epoch.Number}/{question.Stamp?.Sequence}, begun {_started / 1e9:0.000000}");
        if (version < _least && !world.IsForgiven(_started))
            world.Break(FormattableString.Invariant($"{model.Key} at replica {replica.Slot}, {Scheduler.Now / 1e9:0.000000} s: access decided by version {version} ({how}); at its start, {_started / 1e9:0.000000} s, a purge of version {_least} was acknowledged"));
    }
}
