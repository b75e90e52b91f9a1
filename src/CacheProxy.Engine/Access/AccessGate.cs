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
internal sealed class AccessGate(IOrigin origin, IInvalidationLog log, CallerCredentials credentials, AccessDecisions decisions, TimeProvider time)
{
    private const int MaxAtOnce = 8;

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
        var underLease = log.TakeRight(out var snapshot) == ServingRight.Full;
        if (underLease && decisions.Remembered(key)?.IsValid(snapshot!) == true) return AccessAnswer.Allowed;
        if (!mayAsk) return AccessAnswer.Unknown;
        if (underLease && decisions.UnderWay(key) is { } asked && asked.IsValid(snapshot!)) return await asked.Answer.WaitAsync(context.RequestAborted);

        // The stamp first: a purge that comes while the backend is being asked outdates its answer.
        var question = new AccessQuestion(key, log.Current?.Position, plan.PrimaryKey, plan.Tags);
        decisions.Begin(question);
        question.AnsweredBy(SendAsync(context, plan, target, question));
        return await question.Answer.WaitAsync(context.RequestAborted);
    }

    // Not tied to the caller that asked first: others may wait for the same answer.
    private async Task<AccessAnswer> SendAsync(HttpContext context, RequestPlan plan, string target, AccessQuestion question)
    {
        var expires = CredentialExpiry.Of(context.Request.Headers.Authorization);
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
            if (answer.Verdict == AccessVerdict.Allowed) decisions.Remember(question, LifeOf(plan, expires));
            return answer;
        }
        finally
        {
            decisions.End(question);
        }
    }

    private TimeSpan LifeOf(RequestPlan plan, DateTimeOffset? expires)
    {
        var life = plan.Policy.AccessCheck!.Ttl;
        return expires - time.GetUtcNow() is { } left && left < life ? left : life;
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
}
