using System.Text;
using CacheProxy.Engine.Policies;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace CacheProxy.Engine.Tests.Policies;

/// <summary>Requests as routing leaves them, and policies of one line.</summary>
internal static class PolicyRequests
{
    public const string MetricsRoute = "/api/v1/models/train/{model_run_id}/metrics";

    public static CachePolicyConfig Metrics { get; } = new() { Name = "metrics", Key = "model:metrics:{model_run_id|uuid}", Ttl = "Long", Tags = ["model:{model_run_id|uuid}"] };

    public static CachePolicyConfig Importance { get; } = new() { Name = "importance", Key = "model:fi:{model_run_id|uuid}[:top_{query.top_n}]", Ttl = "Medium" };

    public static CachePolicyConfig Comparison { get; } = new()
    {
        Name = "comparison",
        Methods = ["POST"],
        Key = "model:comparison:{body.model_run_ids|uuid|sort|md5}[:{body.metric}]",
        Ttl = "Medium",
        Tags = ["comparisons", "model:{body.model_run_ids|uuid}"],
    };

    public static CachePolicy Compile(CachePolicyConfig config)
    {
        var errors = new List<ConfigurationError>();
        var policies = PolicyCompiler.Compile([config], errors);
        Assert.Empty(errors);
        return policies[config.Name];
    }

    public static List<string> Errors(params CachePolicyConfig[] configs)
    {
        var errors = new List<ConfigurationError>();
        PolicyCompiler.Compile(configs, errors);
        return [.. errors.Select(error => error.ToString())];
    }

    public static DefaultHttpContext Request(string target, string route = MetricsRoute, string method = "GET", params (string Name, string Value)[] headers)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = method;
        context.Request.Scheme = "http";
        context.Request.Host = new("h.test");
        context.Features.Get<IHttpRequestFeature>()!.RawTarget = target;
        var path = RequestTarget.Parse(target).Path;
        context.Request.Path = Uri.UnescapeDataString(path.Replace("%2f", "%252f", StringComparison.OrdinalIgnoreCase)).Replace("%2f", "%2F", StringComparison.OrdinalIgnoreCase);
        var pattern = RoutePatternFactory.Parse(route);
        var values = new RouteValueDictionary();
        if (new Microsoft.AspNetCore.Routing.Template.TemplateMatcher(new(pattern), []).TryMatch(context.Request.Path, values)) context.Request.RouteValues = values;
        context.SetEndpoint(new RouteEndpoint(_ => Task.CompletedTask, pattern, 0, EndpointMetadataCollection.Empty, "test"));
        foreach (var (name, value) in headers) context.Request.Headers[name] = value;
        return context;
    }

    public static (BypassReason Reason, RequestPlan? Plan) Get(CachePolicyConfig config, string target, string route = MetricsRoute, params (string Name, string Value)[] headers)
    {
        var reason = Compile(config).Plan(Request(target, route, headers: headers), null, out var plan);
        return (reason, plan);
    }

    public static (BypassReason Reason, RequestPlan? Plan) Post(CachePolicyConfig config, string json, string target = "/compare", string route = "/compare", params (string Name, string Value)[] headers)
    {
        var reason = Compile(config).Plan(Request(target, route, "POST", headers), RequestBody.Of(Encoding.UTF8.GetBytes(json)), out var plan);
        return (reason, plan);
    }
}
