using System.Collections.Immutable;
using CacheProxy.Engine.Access;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>
/// Answers one request by a fill: its own or another's. A follower is checked twice, when it joins and when the head is there; whoever
/// cannot use what came asks again, at most <see cref="MaxAttempts"/> times in company, then alone.
/// </summary>
internal sealed class FillClient(
    FillStarter starter, AccessGate access, CallerCredentials credentials, IInvalidationLog log, CacheHeaders headers, FillDelivery delivery, FillOptions options, TimeProvider time)
{
    private const int MaxAttempts = 4;

    public async Task<FillAnswer> AnswerAsync(HttpContext context, FillDemand demand)
    {
        var request = new FillRequest(context, demand, credentials.HasAuthorization(context.Request.Headers));
        if (await ServeStaleAsync(context, demand, request) is { } served) return served;
        if (demand.Directives is { OnlyIfCached: true })
        {
            await delivery.RefuseToAskAsync(context, demand);
            return FillAnswer.Done;
        }
        // HEAD is not stored; where the origin decides it may say something of what is (RFC 9111 §4.3.5), and then must be asked with fields
        // that no stranger has chosen.
        if (HttpMethods.IsHead(context.Request.Method))
        {
            if (demand.Stored is null || !demand.Plan.Policy.FollowsOrigin) return FillAnswer.Pass(BypassReason.Head);
            request = new FillRequest(context, demand, request.HasCredentials, asksHead: true);
        }

        // The route's time-out is the fill's: it must not end the wait, or the body, of one who is served by it.
        context.Features.Get<IHttpRequestTimeoutFeature>()?.DisableTimeout();
        var names = demand.Stored is { } known ? FillKey.NamesOf(known.Response) : [];
        var key = FillKey.Of(request, names, headers);
        // Under Origin a response to a request with credentials is shared only if it says so: nobody may wait for it.
        var alone = request.IsHead || (request.HasCredentials && demand.Plan.Policy.FollowsOrigin) || demand.Plan.InCode is { Joins: false } or { Looks: false }
            || starter.IsMarked(key);
        var tooLong = false;
        for (var attempt = 0; ; attempt++)
        {
            var right = log.TakeRight(out var snapshot);
            var (attendance, started) = starter.Obtain(request, key, StillValid(demand.Stored, right, snapshot), right, snapshot, alone);
            using (attendance)
            {
                if (!started && await RefusedAsync(context, demand.Plan, mayAsk: true) is { } refused) return refused;
                if (await OutcomeAsync(attendance.Fill, started, context) is not { } outcome) return FillAnswer.Done;
                var step = await UseAsync(context, demand, request, attendance, outcome, new Terms(started, right, tooLong));
                if (step.Answer is { } answer) return answer;
                if (step.OtherVariant is { } differing) key = FillKey.Of(request, differing, headers);
                tooLong = step.TooLong;
                alone = alone || step.Alone || attempt >= MaxAttempts;
            }
        }
    }

    /// <summary>
    /// Waits for the outcome, and passes on what comes before the final response. Within the request's own flow: nobody else writes to its client.
    /// </summary>
    private async ValueTask<FillOutcome?> OutcomeAsync(Fill fill, bool started, HttpContext context)
    {
        var client = context.Request.Protocol == HttpProtocol.Http11 ? context.Features.Get<IInterimResponseFeature>() : null;
        var sent = 0;
        try
        {
            while (true)
            {
                var (soFar, next) = fill.News(started);
                for (; client is not null && sent < soFar.Length; sent++) await client.SendAsync(soFar[sent], context.RequestAborted);
                if (fill.Settled is { } outcome) return outcome;
                await next.WaitAsync(options.MaxWait, time, context.RequestAborted);
            }
        }
        catch (TimeoutException)
        {
            // What has begun to arrive is waited for as long as the origin is given.
            return fill.Settled ?? (fill.Outcome is { IsCompletedSuccessfully: true, Result: var late } ? late : new FillOutcome.Failed(FillFailure.TimedOut));
        }
        catch (OperationCanceledException)
        {
            // Whoever cancelled it: an answer that is none must not look like an empty one.
            context.Abort();
            return null;
        }
    }

    private async ValueTask<Step> UseAsync(
        HttpContext context, FillDemand demand, FillRequest request, FillAttendance attendance, FillOutcome outcome, Terms terms)
    {
        var (started, right, tooLong) = terms;
        switch (outcome)
        {
            case FillOutcome.Failed { Failure: FillFailure.Canceled }:
                return new Step { Alone = true };

            case FillOutcome.Failed failed:
                await delivery.FailAsync(context, demand, failed.Failure);
                return Step.Done;

            case FillOutcome.Serving serving:
                // Before the verdict: policies in C# take their time, and what they were told about may be purged meanwhile.
                if (demand.BeforeHit is { } before) await before();
                // What the origin has just confirmed to this very request needs no lease; everything else is an answer from a cache.
                var confirmed = serving.Result == CacheResult.Revalidated && (started || right != ServingRight.Full);
                var verdict = VerdictNow(serving.Entry);
                // Behind a soft purge only what is served as stale will do.
                if (!confirmed && (verdict == Verdict.Invalid || (verdict == Verdict.Stale && serving.Stale is null))) return default;
                if (!started && Differs(request, demand, serving) is { } next) return next;
                if (serving.Result != CacheResult.Revalidated)
                {
                    if (await RefusedAsync(context, demand.Plan, mayAsk: serving.Stale != StaleReason.IfError) is { } refused) return new Step { Answer = refused };
                }
                await delivery.ServeAsync(context, demand, serving.Entry, new Answer(serving.Result)
                {
                    Stale = serving.Stale,
                    Forward = demand.Forward,
                    BehindPurge = serving.Stale is not null && verdict == Verdict.Stale,
                });
                return Step.Done;

            case FillOutcome.Responding responding:
                if (!started && Mismatch(request, attendance.Fill, responding, right) is { } other) return other;
                return await delivery.RespondAsync(context, demand, attendance, responding, started, tooLong) switch
                {
                    FillDelivered.BeginningGone => new Step { Alone = true, TooLong = true },
                    FillDelivered.CutShort => await InsteadOfCutAsync(context, demand, attendance.Fill),
                    _ => Step.Done,
                };

            default:
                throw new InvalidOperationException($"Unknown outcome {outcome}.");
        }
    }

    /// <summary>An answer without an end, of which nothing was sent yet: stale where the window allows it, else the connection ends as the origin's did.</summary>
    private async ValueTask<Step> InsteadOfCutAsync(HttpContext context, FillDemand demand, Fill fill)
    {
        if (fill.Fallback is not { } stale || context.RequestAborted.IsCancellationRequested || !Reuse.AllowsStaleOnError(stale)
            || VerdictNow(stale) is var verdict && verdict == Verdict.Invalid || await RefusedAsync(context, demand.Plan, mayAsk: false) is not null)
        {
            context.Abort();
            return Step.Done;
        }
        await delivery.ServeAsync(context, demand, stale, new Answer(CacheResult.Stale) { Stale = StaleReason.IfError, BehindPurge = verdict == Verdict.Stale });
        return Step.Done;
    }

    /// <summary>Why a follower cannot use the stored response that was found for another; <see langword="null"/> when it can.</summary>
    private Step? Differs(FillRequest request, FillDemand demand, FillOutcome.Serving serving)
    {
        var entry = serving.Entry;
        if (!new RequestSelection(request.Headers, request.Plan.Policy, headers).Matches(entry.Response)) return new Step { OtherVariant = FillKey.NamesOf(entry.Response) };
        var suits = serving switch
        {
            { Stale: StaleReason.IfError } or { Result: CacheResult.Revalidated } => true,
            { Stale: not null } => Reuse.ServesStale(entry, demand.Directives, request.Headers) is not null,
            _ => log.TakeRight(out var now) == ServingRight.Full && Reuse.Answers(entry, now!, demand.Directives, request.Method, request.Headers, time),
        };
        return suits ? null : default(Step);
    }

    /// <summary>Why a follower cannot use what came; <see langword="null"/> when it can.</summary>
    private Step? Mismatch(FillRequest request, Fill fill, FillOutcome.Responding responding, ServingRight right)
    {
        if (responding.Prototype is not { } prototype) return new Step { Alone = true };
        if (!new RequestSelection(request.Headers, request.Plan.Policy, headers).Matches(prototype))
            return new Step { OtherVariant = FillKey.NamesOf(prototype) };
        // A batch that started after this request arrived needs no lease; a joined fill does, and the tags that the origin added count too.
        if (right != ServingRight.Full) return null;
        return log.TakeRight(out var now) == ServingRight.Full && fill.WouldBeValid(now!, prototype.Tags) ? null : default(Step);
    }

    private async ValueTask<FillAnswer?> ServeStaleAsync(HttpContext context, FillDemand demand, FillRequest request)
    {
        if (demand.Stored is not { } stored || Reuse.ServesStale(stored, demand.Directives, request.Headers) is not { } reason) return null;
        if (await RefusedAsync(context, demand.Plan, mayAsk: true) is { } refused) return refused;
        if (log.TakeRight(out var snapshot) != ServingRight.Full) return null;
        var verdict = stored.Check(snapshot!);
        if (verdict == Verdict.Invalid) return null;
        starter.Refresh(request, FillKey.Of(request, FillKey.NamesOf(stored.Response), headers), stored, snapshot!);
        await delivery.ServeAsync(context, demand, stored, new Answer(CacheResult.Stale) { Stale = reason, BehindPurge = verdict == Verdict.Stale });
        return FillAnswer.Done;
    }

    private async ValueTask<FillAnswer?> RefusedAsync(HttpContext context, RequestPlan plan, bool mayAsk)
    {
        if (plan.AccessTargets.IsEmpty) return null;
        var answer = await access.AskAsync(context, plan, mayAsk);
        return answer.Verdict == AccessVerdict.Allowed ? null : FillAnswer.Refuse(answer);
    }

    private Verdict VerdictNow(MemoryEntry entry) =>
        log.TakeRight(out var snapshot) == ServingRight.Full ? entry.Check(snapshot!) : Verdict.Invalid;

    private static MemoryEntry? StillValid(MemoryEntry? stored, ServingRight right, Snapshot? snapshot) =>
        stored is not null && right == ServingRight.Full && stored.Check(snapshot!) != Verdict.Invalid ? stored : null;

    /// <summary>How a request stands to a fill.</summary>
    private readonly record struct Terms(bool Started, ServingRight Right, bool TooLong);

    /// <summary>What comes after an outcome: an answer, or another attempt.</summary>
    private readonly record struct Step
    {
        public FillAnswer? Answer { get; init; }

        public bool Alone { get; init; }

        /// <summary>What was waited for grew too long to be kept.</summary>
        public bool TooLong { get; init; }

        public ImmutableArray<string>? OtherVariant { get; init; }

        public static Step Done { get; } = new() { Answer = FillAnswer.Done };
    }
}

/// <summary>What became of a request at the fills.</summary>
internal sealed record FillAnswer(BypassReason PassReason, AccessAnswer? Refused)
{
    /// <summary>It has its answer, or its client has left.</summary>
    public static FillAnswer Done { get; } = new(BypassReason.None, null);

    /// <summary>It goes past the cache.</summary>
    public static FillAnswer Pass(BypassReason reason) => new(reason, null);

    /// <summary>The access check did not say yes.</summary>
    public static FillAnswer Refuse(AccessAnswer answer) => new(BypassReason.None, answer);
}
