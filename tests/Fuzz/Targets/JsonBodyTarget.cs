using System.Text.Json;
using CacheProxy.Engine.Policies;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Fuzz.Targets;

/// <summary>
/// What is made of a request's JSON body under policies of every kind. A body that is keyed must be one that every reader takes for the
/// same: the lenient one of the platform is asked too.
/// </summary>
internal static class JsonBodyTarget
{
    private static readonly Lazy<CachePolicy[]> s_policies = new(static () =>
    [
        .. PolicyCompiler.Compile(
        [
            new() { Name = "comparison", Methods = ["POST"], Ttl = "Medium", Key = "c:{body.model_run_ids|uuid|sort|md5}[:{body.metric}]", Tags = ["model:{body.model_run_ids|uuid}"] },
            new() { Name = "nested", Methods = ["POST"], Ttl = "Medium", Key = "n:{body.a.b}[:{body.id}]", IgnoreBody = ["a.trace", "x"] },
            new() { Name = "whole", Methods = ["POST"], Ttl = "Medium" },
        ],
        new List<ConfigurationError>()).Values,
    ]);

    public static FuzzTarget Target { get; } = FuzzTarget.OfBytes(
        "json-bodies", Run,
        """{"model_run_ids":["a","b"],"metric":"auc"}""", """{"a":{"b":1,"trace":"t"},"id":"1","x":[1,{"y":null}]}""", """{"id":1,"\u0069d":2}""", """{"a":{"b":"é\ud83d\ude00"}}""",
        "[1,2]", "\"x\"", "1e400", """{"a":{"b":1.0}, "A":2}""");

    private static void Run(byte[] input)
    {
        var body = RequestBody.Of(input);
        foreach (var policy in s_policies.Value)
        {
            var context = new DefaultHttpContext();
            context.Request.Method = "POST";
            context.Request.Scheme = "http";
            context.Request.Host = new HostString("h.test");
            context.Request.Path = "/compare";
            context.Features.Get<IHttpRequestFeature>()!.RawTarget = "/compare";
            context.SetEndpoint(new RouteEndpoint(static _ => Task.CompletedTask, RoutePatternFactory.Parse("/compare"), 0, EndpointMetadataCollection.Empty, "fuzz"));
            if (policy.Plan(context, body, out var plan) != BypassReason.None || plan is null) continue;
            BrokenPromiseException.ThrowIf(body.Problem != BypassReason.None, "a body that cannot be read was keyed");
            using var lenient = JsonDocument.Parse(input);
            BrokenPromiseException.ThrowIf(lenient.RootElement.ValueKind != body.Root.ValueKind, "two readers see two kinds of value");
        }
    }
}
