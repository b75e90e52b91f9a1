using CacheProxy.Engine.Caching.Explaining;
using CacheProxy.Management.Authentication;

namespace CacheProxy.Management.Explaining;

/// <summary><c>POST /_cache/explain</c>: what would become of any request, with headers and body.</summary>
internal sealed class ExplainRequestEndpoint(ManagementOptions options, IExplainer explainer) : IManagementEndpoint
{
    /// <summary>In bytes; a keyed body is at most 1 MiB by default.</summary>
    private const int MaxBody = 2 * 1024 * 1024;

    public string Path { get; } = options.Prefix + "/explain";

    public string Method => HttpMethods.Post;

    public Permission Needs => Permission.Read;

    public async Task HandleAsync(HttpContext context, string caller)
    {
        using var document = await BoundedBody.ReadJsonAsync(context, MaxBody);
        if (document is null) return;
        if (ExplainRequest.Read(context, document.RootElement, out var problem) is not { } request) await problem.WriteAsync(context);
        else await ExplanationWriter.WriteAsync(context, await explainer.ExplainAsync(request, context.RequestAborted), request);
    }
}

/// <summary><c>GET /_cache/explain?method=&amp;url=</c> explains a request without body; <c>?request=</c> says what happened to the one of that trace.</summary>
internal sealed class ExplainEndpoint(ManagementOptions options, IExplainer explainer) : IManagementEndpoint
{
    private const int Shown = 100;

    public string Path { get; } = options.Prefix + "/explain";

    public string Method => HttpMethods.Get;

    public Permission Needs => Permission.Read;

    public async Task HandleAsync(HttpContext context, string caller)
    {
        var query = context.Request.Query;
        if (!QueryReader.TryRead(query, ["method", "url", "request"], out var problem))
        {
            await problem.WriteAsync(context);
            return;
        }

        if (QueryReader.Value(query, "request") is { } trace) await ShowPastAsync(context, trace);
        else if (query.Count == 0) await ManagementJson.WriteAsync(context, new([.. explainer.Recent.Take(Shown)]), ManagementJson.Default.DecisionsBody);
        else if (ExplainRequest.Of(context, QueryReader.Value(query, "method"), QueryReader.Value(query, "url"), new HeaderDictionary(), null, out problem) is not { } request) await problem.WriteAsync(context);
        else await ExplanationWriter.WriteAsync(context, await explainer.ExplainAsync(request, context.RequestAborted), request);
    }

    private async Task ShowPastAsync(HttpContext context, string trace)
    {
        // A whole traceparent is as good as the trace's id in it.
        if (trace.Length == 55 && trace[2] == '-') trace = trace[3..35];
        if (explainer.Find(trace) is { } decision)
        {
            await ManagementJson.WriteAsync(context, decision, ManagementJson.Default.PastDecision);
            return;
        }

        await new Problem(StatusCodes.Status404NotFound, "decision-not-found", "Decision not found",
            "This trace is not among the last 4096 decisions of this replica. Ask the other replicas; a hit is kept only if its request carried a traceparent.").WriteAsync(context);
    }
}

/// <summary>Explanations as JSON.</summary>
internal static class ExplanationWriter
{
    public static Task WriteAsync(HttpContext context, Explanation explanation, ExplainedRequest request) => ManagementJson.WriteAsync(context, new ExplanationBody(
        request.Method, request.Target, explanation.Route, explanation.Policy, explanation.Mode, explanation.Result, explanation.Reason, explanation.Notes,
        explanation.Key, explanation.Name, explanation.Tags, explanation.Target, explanation.AccessChecks,
        [.. explanation.Entries.Select(static entry => new ExplainedEntryBody(
            entry.Tier, entry.Verdict, entry.Selecting, Math.Round(entry.Age.TotalSeconds, 3), Math.Round(entry.Ttl.TotalSeconds, 3)))]), ManagementJson.Default.ExplanationBody);
}
