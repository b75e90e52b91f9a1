using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Access;

/// <summary>
/// Whether this caller may see a shared response: the backend is asked, with the caller's own credentials, and its yes is remembered.
/// A remembered yes is an entry (INVALIDATION 3): stamped before the question was sent, valid under the same rules, used under a lease only.
/// </summary>
internal sealed class AccessGate(IOrigin origin, IInvalidationLog log, CallerCredentials credentials, TimeProvider time)
{
    private const int MaxRemembered = 100_000;
    private const int MaxAtOnce = 8;
    private readonly ConcurrentDictionary<Hash256, Remembered> _remembered = new();
    private readonly ConcurrentDictionary<Hash256, Question> _asking = new();

    /// <summary>Asks for every target of the plan; the first no wins.</summary>
    /// <param name="context">The caller.</param>
    /// <param name="plan">What it wants to see.</param>
    /// <param name="mayAsk">Whether the backend may be asked; else only what is remembered counts (the origin is down).</param>
    public async ValueTask<AccessAnswer> AskAsync(HttpContext context, RequestPlan plan, bool mayAsk = true)
    {
        var targets = plan.AccessTargets;
        if (targets.Length == 1) return await AskOneAsync(context, plan, targets[0], mayAsk);
        for (var i = 0; i < targets.Length; i += MaxAtOnce)
        {
            var batch = targets.Skip(i).Take(MaxAtOnce).Select(target => AskOneAsync(context, plan, target, mayAsk).AsTask());
            foreach (var answer in await Task.WhenAll(batch))
                if (answer.Verdict != AccessVerdict.Allowed) return answer;
        }
        return AccessAnswer.Allowed;
    }

    private async ValueTask<AccessAnswer> AskOneAsync(HttpContext context, RequestPlan plan, string target, bool mayAsk)
    {
        var key = KeyOf(context, plan, target);
        var right = log.TakeRight(out var snapshot);
        var underLease = right == ServingRight.Full;
        if (underLease && _remembered.TryGetValue(key, out var remembered) && remembered.Holds(snapshot!, time)) return AccessAnswer.Allowed;
        if (!mayAsk) return AccessAnswer.Unknown;
        if (underLease && _asking.TryGetValue(key, out var asking) && asking.WouldBeValid(snapshot!)) return await asking.Answer.WaitAsync(context.RequestAborted);

        var question = new Question(log.Current?.Position, plan);
        _asking[key] = question;
        var expires = CredentialExpiry.Of(context.Request.Headers.Authorization);
        question.Answer = SendAsync(context, plan, target, key, question, expires);
        return await question.Answer.WaitAsync(context.RequestAborted);
    }

    // Not tied to the caller that asked first: others may wait for the same answer.
    private async Task<AccessAnswer> SendAsync(HttpContext context, RequestPlan plan, string target, Hash256 key, Question question, DateTimeOffset? expires)
    {
        var request = new OriginRequest
        {
            Endpoint = context.GetEndpoint()!,
            RouteValues = new Microsoft.AspNetCore.Routing.RouteValueDictionary(context.Request.RouteValues),
            Method = HttpMethods.Get,
            Scheme = context.Request.Scheme,
            Host = context.Request.Host.Value ?? "",
            Target = target,
            Headers = credentials.Of(context.Request.Headers),
            OnlyTheseHeaders = true,
        };
        var sink = new AnswerSink();
        try
        {
            Task<OriginResult> sent;
            using (ExecutionContext.SuppressFlow()) sent = Task.Run(() => origin.SendAsync(request, sink, CancellationToken.None));
            var result = await sent;
            var answer = sink.ToAnswer(result == OriginResult.Complete);
            if (answer.Verdict == AccessVerdict.Allowed) Remember(key, plan, question.Stamp, expires);
            return answer;
        }
        finally
        {
            _asking.TryRemove(new(key, question));
        }
    }

    private void Remember(Hash256 key, RequestPlan plan, Position? stamp, DateTimeOffset? expires)
    {
        if (stamp is null) return;
        var until = time.GetUtcNow() + plan.Policy.AccessCheck!.Ttl;
        if (expires < until) until = expires.Value;
        // Forgetting all of it costs a cheap question per caller; keeping what attackers choose would cost memory.
        if (_remembered.Count >= MaxRemembered) _remembered.Clear();
        _remembered[key] = new Remembered(stamp.Value, plan.PrimaryKey, plan.Tags, time.GetTimestamp(), until - time.GetUtcNow());
    }

    private Hash256 KeyOf(HttpContext context, RequestPlan plan, string target)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, plan.Policy.Name);
        Append(hash, plan.PrimaryKey);
        Append(hash, target);
        Append(hash, context.Request.Host.Value ?? "");
        foreach (var (name, values) in credentials.Of(context.Request.Headers))
        {
            Append(hash, name);
            foreach (var value in values) Append(hash, value ?? "");
        }
        return new Hash256(hash.GetHashAndReset());
    }

    private static void Append(IncrementalHash hash, string text)
    {
        hash.AppendData(BitConverter.GetBytes(text.Length));
        hash.AppendData(Encoding.UTF8.GetBytes(text));
    }

    private sealed record Remembered(Position Stamp, string Key, ImmutableArray<string> Tags, long Since, TimeSpan Life)
    {
        public bool Holds(Snapshot snapshot, TimeProvider time) =>
            time.GetElapsedTime(Since) < Life && snapshot.Check(Stamp, Key, Tags) == Verdict.Valid;
    }

    private sealed class Question(Position? stamp, RequestPlan plan)
    {
        public Position? Stamp => stamp;

        public Task<AccessAnswer> Answer { get; set; } = Task.FromResult(AccessAnswer.Unknown);

        public bool WouldBeValid(Snapshot snapshot) =>
            stamp is { } begun && snapshot.Check(begun, plan.PrimaryKey, plan.Tags) == Verdict.Valid;
    }
}
