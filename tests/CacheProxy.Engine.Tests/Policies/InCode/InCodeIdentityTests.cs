using System.Text.Json;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Policies.InCode;
using CacheProxy.Engine.Tests.Caching.InCode;
using CsCheck;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.Options;
using static CacheProxy.Engine.Tests.Policies.PolicyRequests;

namespace CacheProxy.Engine.Tests.Policies.InCode;

/// <summary>What a policy in C# varies by makes an identity and a name of its own exactly where it differs, whatever the values are.</summary>
public sealed class InCodeIdentityTests
{
    private static readonly Gen<string> s_text = Gen.String[Gen.Char["ab=|&#?\u001e\u001f\n\0ž"], 0, 3];
    private static readonly Gen<string> s_name = Gen.String[Gen.Char["ab"], 1, 2];

    [Fact]
    public async Task Identity_WhateverIsVariedBy_DiffersExactlyWhereThatDiffers()
    {
        var policies = new PoliciesInCode(Options.Create(new OutputCacheOptions()), new CredentialOptions(), []);
        var (byIdentity, byName, byDecision) = (new Dictionary<Hash256, string>(), new Dictionary<string, string>(), new Dictionary<string, Hash256>());
        var gen = Gen.Select(Gen.Select(s_name, s_text).List[0, 3], s_text, s_text.List[0, 2], Gen.Select(s_name, s_text).List[0, 2], Gen.Bool);

        await gen.SampleAsync(async (values, prefix, tags, headers, host) =>
        {
            var varied = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (var (name, value) in values) varied[name] = value;
            var fields = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (var (name, value) in headers) fields[$"X-{name}"] = value;
            var written = new WrittenPolicy
            {
                Request = context =>
                {
                    foreach (var (name, value) in varied) context.CacheVaryByRules.VaryByValues[name] = value;
                    context.CacheVaryByRules.CacheKeyPrefix = prefix;
                    context.CacheVaryByRules.HeaderNames = fields.Keys.ToArray();
                    context.CacheVaryByRules.VaryByHost = host;
                    context.Tags.UnionWith(tags);
                },
            };
            var context = Request("/a?x=1", "/{id}");
            foreach (var (name, value) in fields) context.Request.Headers[name] = value;
            var policy = new PolicyInCode("p", "p", [written], new CredentialOptions(), 1_024);
            var reason = policies.Plan(await RequestDecision.AskAsync(policy, context), context, null, out var plan);

            Assert.Equal(BypassReason.None, reason);
            var decided = JsonSerializer.Serialize(new { varied, prefix, tags = tags.Where(static tag => tag.Length > 0).Distinct().Order(StringComparer.Ordinal), fields, host });
            Assert.Equal(decided, byIdentity.TryAdd(plan!.Identity, decided) ? decided : byIdentity[plan.Identity]);
            Assert.Equal(decided, byName.TryAdd(plan.Name, decided) ? decided : byName[plan.Name]);
            Assert.Equal(plan.Identity, byDecision.TryAdd(decided, plan.Identity) ? plan.Identity : byDecision[decided]);
        }, iter: 5_000, threads: 1);

        Assert.True(byIdentity.Count > 1_000, $"only {byIdentity.Count} different plans");
    }

    [Fact]
    public void Route_OfAnEndpoint_IsTheSameInEveryProcessUnlessAnotherIsCalledLikeIt()
    {
        var (alone, twin, otherTwin) = (EndpointOf("/a"), EndpointOf("/b"), EndpointOf("/b"));
        string RouteOf(Endpoint endpoint) => new PoliciesInCode(
            Options.Create(new OutputCacheOptions()), new CredentialOptions(), [new DefaultEndpointDataSource(alone, twin, otherTwin)]).Find(endpoint)!.Route;

        Assert.Equal(RouteOf(alone), RouteOf(alone));
        Assert.NotEqual(RouteOf(alone), RouteOf(twin));
        Assert.NotEqual(RouteOf(twin), RouteOf(otherTwin));

        static RouteEndpoint EndpointOf(string route) =>
            new(static _ => Task.CompletedTask, RoutePatternFactory.Parse(route), 0, new EndpointMetadataCollection(new OutputCacheAttribute()), "name");
    }

    [Fact]
    public async Task Find_EndpointOfEachKind_HasItsPolicyOnceAndForAll()
    {
        var policies = new PoliciesInCode(Options.Create(new OutputCacheOptions()), new CredentialOptions(), []);
        var inCode = new Endpoint(null, new EndpointMetadataCollection(new OutputCacheAttribute { PolicyName = "named", Tags = ["t"] }), "in code");
        var compiled = new Endpoint(null, new EndpointMetadataCollection(Compile(Metrics)), "compiled");

        var found = policies.Find(inCode);
        var context = new DefaultHttpContext();
        context.Request.Method = "GET";
        var decision = await RequestDecision.AskAsync(new PolicyInCode("p", "p", [.. found!.Policies.Skip(1)], new CredentialOptions(), 1), context);

        Assert.Same(found, policies.Find(inCode));
        Assert.Equal(("named", 2), (found.Name, found.Policies.Length));
        Assert.Equal("t", Assert.Single(decision.Tags));
        Assert.Null(policies.Find(compiled));
        Assert.Null(policies.Find(new Endpoint(null, EndpointMetadataCollection.Empty, "none")));
        Assert.Null(policies.Find(null));
    }
}
