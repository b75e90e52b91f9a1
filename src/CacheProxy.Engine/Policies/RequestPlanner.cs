using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace CacheProxy.Engine.Policies;

/// <summary>
/// From a policy and a request to a plan, in this order:
/// <code>
/// mode, method, upgrade, body ─▶ credentials ─▶ conditions on headers ─▶ query ─▶ body ─▶ values ─▶ key, tags, access ─▶ identity, name
/// </code>
/// Each step gives a reason to go past the cache, or something for the plan.
/// </summary>
internal static class RequestPlanner
{
    /// <summary>The most access checks that one request may cost.</summary>
    private const int MaxAccessChecks = 32;

    /// <summary>So many are compared one by one; the lists of a client's body may be long.</summary>
    private const int FewTags = 8;

    public static BypassReason Plan(CachePolicy policy, HttpContext context, RequestBody? body, out RequestPlan? plan)
    {
        plan = null;
        var reason = CheckRequest(policy, context, body);
        if (reason != BypassReason.None) return reason;

        var remembered = Rememberable(policy, context);
        if (remembered is not null && policy.Memo.Find(remembered, context.Request, context.GetEndpoint()) is { } known)
        {
            plan = known;
            return BypassReason.None;
        }
        reason = Make(policy, context, body, out plan);
        if (remembered is not null && plan is not null) policy.Memo.Keep(remembered, context.Request, context.GetEndpoint(), plan);
        return reason;
    }

    /// <summary>The raw target, when nothing else of the request has a part in its plan: an access check has none either, whoever asks.</summary>
    private static string? Rememberable(CachePolicy policy, HttpContext context)
    {
        var request = context.Request;
        if (request.Method is not ("GET" or "HEAD") || !policy.VaryByHeader.IsEmpty || policy.VaryByCredential || request.PathBase.HasValue) return null;
        if (!policy.FollowsOrigin && !AcceptHeader.AdmitsJsonPlainly(request.Headers.Accept)) return null;
        return context.Features.Get<IHttpRequestFeature>()?.RawTarget is { Length: > 0 } target ? target : null;
    }

    private static BypassReason Make(CachePolicy policy, HttpContext context, RequestBody? body, out RequestPlan? plan)
    {
        plan = null;
        var reason = Read(policy, context, body, out var target, out var path, out var query, out var fields);
        if (reason != BypassReason.None) return reason;

        var values = new RequestValues(context, target, path, query, fields);
        string? key = null;
        if (policy.Rules.Key is not null)
        {
            key = policy.Rules.Key.Render(values.Lookup, out _);
            if (key is null) return BypassReason.KeyIncomplete;
        }
        var request = context.Request;
        if (TagsOf(policy, values, Tag(policy, request, target, query)) is not { } tags) return BypassReason.KeyIncomplete;
        reason = AccessTargets(policy, values, out var accessTargets);
        if (reason != BypassReason.None) return reason;

        var primaryKey = key is not null ? KeyNames.ShortenKey(key)
            : policy.Rules.HasHost ? TargetNames.PrimaryKey(request.Scheme, request.Host.Value ?? "", target.Path)
            : KeyNames.ShortenKey(target.Path);
        var accept = Accept(policy, request.Headers);
        using var identity = new KeyedFields();
        using var rest = new KeyedFields();
        new PlanFields(policy, context, identity, rest).Add(values, target, path, query, fields, accept);
        var name = Name(primaryKey, query.Remainder, rest);
        plan = new RequestPlan
        {
            Policy = policy,
            PrimaryKey = primaryKey,
            Name = name,
            Identity = identity.Hash(),
            Tags = tags,
            Target = Target(context, target, query),
            Body = fields.Sent,
            Accept = accept,
            AccessTargets = accessTargets,
        };
        return BypassReason.None;
    }

    public static bool TryGetPrimaryKey(CachePolicy policy, HttpContext context, out string? primaryKey)
    {
        primaryKey = null;
        var target = Target(context);
        if (policy.Rules.Key is null)
        {
            primaryKey = TargetNames.PrimaryKey(context.Request.Scheme, context.Request.Host.Value ?? "", target.Path);
            return true;
        }
        if (policy.Rules.Names(TemplateSource.Body)) return false;
        _ = policy.Rules.Query.Apply(target.Query, out var query);
        var values = new RequestValues(context, target, new(context, target.Path), query, BodyReading.None);
        // The method is the purge's own; the entry's is the policy's first.
        var method = TemplateValue.OfText(policy.Rules.PlainMethod);
        var key = policy.Rules.Key.Render(name => name.Source == TemplateSource.Method ? method : values[name], out _);
        primaryKey = key is null ? null : KeyNames.ShortenKey(key);
        return primaryKey is not null;
    }

    public static InvalidationNames? NamesOnSuccess(CachePolicy policy, HttpContext context, RequestBody? body, out string? problem)
    {
        problem = null;
        if (policy.InvalidateOnSuccess is not { } templates) return null;
        var target = Target(context);
        var query = new QueryRules { Known = [.. templates.Names.Where(name => name.Source == TemplateSource.Query).Select(name => name.Name)] };
        _ = query.Apply(target.Query, out var parameters);
        var fields = BodyReading.None;
        if (body is not null)
        {
            var rules = new BodyRules { Known = [.. templates.Names.Where(name => name.Source == TemplateSource.Body).Select(name => name.Name)] };
            _ = rules.Apply(body, out fields);
        }
        var values = new RequestValues(context, target, new(context, target.Path), parameters, fields);
        if (templates.Render(values.Lookup, out var missing) is { } names) return names;
        problem = missing is not null
            ? $"the request has no value for {{{missing}}} of InvalidateOnSuccess"
            : $"a template of InvalidateOnSuccess makes more than {Template.MaxEach} names of the request";
        return new([], [], [], true, templates.Mode);
    }

    private static BypassReason CheckRequest(CachePolicy policy, HttpContext context, RequestBody? body)
    {
        var request = context.Request;
        if (policy.Mode == PolicyMode.Off) return BypassReason.Off;
        if (!policy.Allows(request.Method)) return BypassReason.Method;
        if (IsUpgrade(context)) return BypassReason.Upgrade;
        if (request.Method is "GET" or "HEAD")
        {
            if (request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0
                || (request.ContentLength is null && context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true })) return BypassReason.UnexpectedBody;
        }
        else if (body is null) return BypassReason.BodyType;
        var decided = policy.FollowsOrigin || policy.VaryByCredential || policy.AccessCheck is not null || policy.Shared;
        if (!decided && policy.Rules.Credentials.IsPresent(request.Headers)) return BypassReason.Credentials;
        foreach (var condition in policy.Rules.Conditions)
        {
            if (condition.Name.Source != TemplateSource.Header) continue;
            foreach (var value in request.Headers[condition.Name.Name])
                if (value is not null && condition.Judge(value) == ConditionVerdict.Bypasses) return BypassReason.Requested;
        }
        return BypassReason.None;
    }

    /// <summary>Whether it becomes another protocol, or a stream in both directions: nothing to be cached.</summary>
    public static bool IsUpgrade(HttpContext context) =>
        context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
        || context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true }
        || (context.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) ?? false);

    private static BypassReason Read(CachePolicy policy, HttpContext context, RequestBody? body, out RequestTarget target, out PathReading path, out QueryReading query, out BodyReading fields)
    {
        fields = BodyReading.None;
        target = Target(context);
        path = new(context, target.Path);
        var reason = policy.Rules.Query.Apply(target.Query, out query);
        if (reason != BypassReason.None || context.Request.Method is "GET" or "HEAD") return reason;
        return policy.Rules.Body.Apply(body!, out fields);
    }

    private static RequestTarget Target(HttpContext context)
    {
        var raw = context.Features.Get<IHttpRequestFeature>()?.RawTarget;
        // A context that no server made has no raw target.
        return string.IsNullOrEmpty(raw)
            ? RequestTarget.Parse($"{context.Request.PathBase}{context.Request.Path}{context.Request.QueryString}")
            : RequestTarget.Parse(raw);
    }

    private static string Target(HttpContext context, RequestTarget target, QueryReading query)
    {
        var exact = target.Query == query.Sent;
        var raw = context.Features.Get<IHttpRequestFeature>()?.RawTarget;
        if (exact) return raw is not null && raw.Length == target.Path.Length + (target.Query?.Length + 1 ?? 0) ? raw : target.ToString();
        return query.Sent is null ? target.Path : $"{target.Path}?{query.Sent}";
    }

    /// <param name="policy">Whose tags.</param>
    /// <param name="values">What its placeholders stand for.</param>
    /// <param name="uri">The implicit tag, which comes last.</param>
    private static ImmutableArray<string>? TagsOf(CachePolicy policy, RequestValues values, string uri)
    {
        var tags = ImmutableArray.CreateBuilder<string>(policy.Rules.Tags.Length + 1);
        HashSet<string>? seen = null;
        foreach (var template in policy.Rules.Tags)
        {
            if (template.RenderEach(values.Lookup, Template.MaxEach, out _) is not { } each) return null;
            if (seen is null && tags.Count + each.Length > FewTags) seen = new HashSet<string>(tags, StringComparer.Ordinal);
            foreach (var text in each)
            {
                var tag = KeyNames.ShortenKey(text);
                if (seen?.Add(tag) ?? !tags.Contains(tag)) tags.Add(tag);
            }
        }
        tags.Add(uri);
        return tags.DrainToImmutable();
    }

    private static BypassReason AccessTargets(CachePolicy policy, RequestValues values, out ImmutableArray<string> targets)
    {
        targets = [];
        if (policy.Rules.AccessPath is not { } template) return BypassReason.None;
        foreach (var part in template.Placeholders)
        {
            var value = values[part.Name!];
            // An empty segment would ask for another resource; a list of nothing would ask nothing and so allow.
            if (value.Kind == ValueKind.Absent || (value.IsList ? value.Items.IsEmpty || value.Items.Contains("") : value.Text.Length == 0)) return BypassReason.KeyIncomplete;
        }
        if (template.RenderEach(values.Lookup, MaxAccessChecks, out var missing) is not { } each)
            return missing is null ? BypassReason.TooManyAccessChecks : BypassReason.KeyIncomplete;
        targets = each;
        return BypassReason.None;
    }

    /// <summary>What a fill sends; with <c>Ttl: Origin</c>, or where the policy varies by it, the client's own.</summary>
    private static string? Accept(CachePolicy policy, IHeaderDictionary headers)
    {
        if (policy.FollowsOrigin) return null;
        var accept = headers.Accept;
        if (policy.VaryByHeader.Contains("Accept", StringComparer.OrdinalIgnoreCase)) return accept.Count == 0 ? null : accept.ToString();
        return AcceptHeader.AdmitsJson(accept) ? AcceptHeader.Json : string.Join(", ", accept.ToArray());
    }

    private static string Tag(CachePolicy policy, HttpRequest request, RequestTarget target, QueryReading query) =>
        policy.Rules.HasHostInTags
            ? TargetNames.UriTag(request.Scheme, request.Host.Value ?? "", target.Path, query.Sorted)
            : TargetNames.UriTag(null, null, target.Path, query.Sorted);

    private static string Name(string key, string remainder, KeyedFields rest)
    {
        var name = remainder.Length == 0 ? key : $"{key}?{remainder}";
        if (!rest.IsEmpty) name = $"{name}#{rest.Hash().ToString().AsSpan(0, 16)}";
        return KeyNames.ShortenName(name);
    }
}
