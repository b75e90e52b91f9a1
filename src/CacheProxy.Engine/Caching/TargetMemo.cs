using CacheProxy.Engine.Policies;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Engine.Caching;

/// <summary>
/// What routing and planning came to for targets seen before: a table of fixed size from scheme, host and the exact bytes of the target to
/// the plan. It only saves work: everything that depends on the moment (lease, validity, freshness) is decided after it.
/// It is taught by the full way only, for requests whose plan depends on nothing else (<see cref="IsPlain"/>); any change of the routes
/// empties it, and a plan made under the routes before the change is not taken.
/// </summary>
internal sealed class TargetMemo
{
    private const int Size = 8_192;
    private readonly Cell?[] _cells = new Cell?[Size];
    private readonly CredentialOptions _credentials;
    private MemoVersion _version = new();

    public TargetMemo(IEnumerable<EndpointDataSource> sources, CredentialOptions credentials)
    {
        _credentials = credentials;
        foreach (var source in sources) ChangeToken.OnChange(source.GetChangeToken, Forget);
    }

    /// <summary>Stands for the routes in effect; read before routing.</summary>
    public MemoVersion Version => Volatile.Read(ref _version);

    /// <summary>The plan for this request, if its target was learnt under the routes in effect.</summary>
    public RequestPlan? Find(HttpContext context)
    {
        var request = context.Request;
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var cell = Volatile.Read(ref _cells[IndexOf(target)]);
        return cell is not null && cell.Version == Version && string.Equals(cell.Target, target, StringComparison.Ordinal)
            && string.Equals(cell.Host, request.Headers.Host.ToString(), StringComparison.Ordinal)
            && string.Equals(cell.Scheme, request.Scheme, StringComparison.Ordinal) && IsPlain(context)
            ? cell.Plan
            : null;
    }

    /// <summary>Learns what the full way made of a target.</summary>
    public void Learn(HttpContext context, RequestPlan plan, MemoVersion version)
    {
        var policy = plan.Policy;
        // What is done behind a hit needs the route.
        if (!policy.DependsOnTargetOnly || policy.WorksBehindHits || policy.RequestDirectives != RequestDirectives.Ignore || !IsPlain(context)) return;
        if (context.GetEndpoint()?.Metadata.GetMetadata<TargetDecidesRoute>() is null) return;
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        Volatile.Write(ref _cells[IndexOf(target)], new Cell(target, context.Request.Headers.Host.ToString(), context.Request.Scheme, plan, version));
    }

    private static int IndexOf(string target) => (int)((uint)string.GetHashCode(target) % Size);

    private bool IsPlain(HttpContext context)
    {
        var request = context.Request;
        if (!HttpMethods.IsGet(request.Method)) return false;
        var headers = request.Headers;
        if (!AcceptHeader.AdmitsJsonPlainly(headers.Accept)) return false;
        if (headers.Origin.Count > 0 || headers.ContentLength is not null || headers.TransferEncoding.Count > 0 || headers.Upgrade.Count > 0) return false;
        foreach (var name in _credentials.Headers)
            if (headers.ContainsKey(name)) return false;
        return true;
    }

    private void Forget()
    {
        Volatile.Write(ref _version, new MemoVersion());
        Array.Clear(_cells);
    }

    private sealed record Cell(string Target, string Host, string Scheme, RequestPlan Plan, MemoVersion Version);
}

/// <summary>
/// On an endpoint: its route is chosen by host, path and method alone, and nothing between routing and the cache has a say. Only then may
/// a request be answered before routing.
/// </summary>
public sealed class TargetDecidesRoute
{
    /// <summary>The mark.</summary>
    public static TargetDecidesRoute Mark { get; } = new();
}

/// <summary>The step before routing: a target that was learnt is answered from memory, everything else goes the full way.</summary>
internal sealed class TargetMemoMiddleware(RequestDelegate next, TargetMemo memo, Hits hits, PolicyModes modes, RequestMeter meter)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (memo.Find(context) is { } plan && modes.Of(plan.Policy) == PolicyMode.On)
        {
            var started = meter.Start();
            var lookup = hits.Find(context, plan, null);
            // Its first hit goes the full way: what is kept of it needs the route.
            if (lookup is { IsFresh: true, Stored.Kept: not null }) return hits.AnswerAsync(context, lookup.Stored!, plan, started);
        }
        context.Features.Set(memo.Version);
        return next(context);
    }
}

/// <summary>Stands for the routes under which a request was routed: one object for as long as they are in effect.</summary>
internal sealed class MemoVersion;
