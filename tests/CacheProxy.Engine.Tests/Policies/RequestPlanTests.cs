using System.Security.Cryptography;
using System.Text;
using CacheProxy.Engine.Policies;
using static CacheProxy.Engine.Tests.Policies.PolicyRequests;

namespace CacheProxy.Engine.Tests.Policies;

public sealed class RequestPlanTests
{
    private const string Uuid = "0f8fad5b-d9cb-469f-a165-70867728950e";

    [Theory]
    [InlineData("/api/v1/models/train/abc-123/metrics", "model:metrics:abc-123")]
    [InlineData("/api/v1/models/train/" + Uuid + "/metrics", "model:metrics:" + Uuid)]
    [InlineData("/api/v1/models/train/a%3Ab/metrics", "model:metrics:a%3Ab")]
    [InlineData("/api/v1/models/train/%C5%BE/metrics", "model:metrics:%C5%BE")]
    [InlineData("/api/v1/models/train/abc-123/metrics?", "model:metrics:abc-123")]
    [InlineData("/api/v1/models/train/abc-123/metrics?use_cache=true", "model:metrics:abc-123")]
    [InlineData("/api/v1/models/train/abc-123/metrics?b=2&a=1", "model:metrics:abc-123?a=1&b=2")]
    [InlineData("/api/v1/models/x/../train/abc-123/metrics", "model:metrics:abc-123")]
    [InlineData("/api/v1/models/x/%2e%2E/train/abc-123/metrics", "model:metrics:abc-123")]
    [InlineData("/api/v1/models/train/abc-123/metrics#top", "model:metrics:abc-123")]
    public void Name_PlainRequest_IsTheGuidesKey(string target, string name)
    {
        var (reason, plan) = Get(Metrics, target);

        Assert.Equal(BypassReason.None, reason);
        Assert.Equal(name, plan!.Name);
    }

    [Theory]
    [InlineData("/api/v1/models/train/0F8FAD5B-D9CB-469F-A165-70867728950E/metrics")]
    [InlineData("/api/v1/models/train/0f8fad5bd9cb469fa16570867728950e/metrics")]
    [InlineData("/api/v1/models/train/%7B0f8fad5b-d9cb-469f-a165-70867728950e%7D/metrics")]
    [InlineData("/api/v1/models/train/urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e/metrics")]
    [InlineData("/api/v1/models/train/%30f8fad5b-d9cb-469f-a165-70867728950e/metrics")]
    public void Uuid_AnotherSpelling_HasThePrimaryKeyAndANameOfItsOwn(string target)
    {
        var (_, plan) = Get(Metrics, target);

        Assert.Equal("model:metrics:" + Uuid, plan!.PrimaryKey);
        Assert.Contains("model:" + Uuid, plan.Tags);
        Assert.Matches("^model:metrics:" + Uuid + "#[0-9a-f]{16}$", plan.Name);
    }

    [Theory]
    [InlineData("/api/v1/models/train/a%2fb/metrics", "/api/v1/models/train/a%252fb/metrics")]
    [InlineData("/api/v1/models/train/a%2Fb/metrics", "/api/v1/models/train/a%2fb/metrics")]
    [InlineData("/api/v1/models/train/a%3fb/metrics", "/api/v1/models/train/a%253fb/metrics")]
    [InlineData("/api/v1/models/train/ab/metrics", "/api/v1/models/train/%61b/metrics")]
    [InlineData("/api/v1/models/train/ab/metrics", "/api/v1/models/train/ab/metrics/")]
    [InlineData("/api/v1/models/train/ab/metrics", "/api/v1/models/train/ab/METRICS")]
    [InlineData("/api/v1/models/train/ab/metrics", "/api/v1/models//train/ab/metrics")]
    [InlineData("/api/v1/models/train/ab/metrics", "/api/v1/models/train/AB/metrics")]
    [InlineData("/api/v1/models/train/ab/metrics", "/api/v1/models/train/ab/metrics?x")]
    [InlineData("/api/v1/models/train/ab/metrics?x", "/api/v1/models/train/ab/metrics?x=")]
    [InlineData("/api/v1/models/train/ab/metrics?a=1&a=2", "/api/v1/models/train/ab/metrics?a=2&a=1")]
    [InlineData("/api/v1/models/train/ab/metrics?a=1&A=2", "/api/v1/models/train/ab/metrics?A=2&a=1")]
    [InlineData("/api/v1/models/train/ab/metrics?a[]=1&a[0]=2", "/api/v1/models/train/ab/metrics?a[0]=2&a[]=1")]
    [InlineData("/api/v1/models/train/ab/metrics?a=%26b=1", "/api/v1/models/train/ab/metrics?a=&b=1")]
    [InlineData("/api/v1/models/train/ab/metrics?a=%20", "/api/v1/models/train/ab/metrics?a=+")]
    public void Identity_DifferentTargets_DifferInIdentityNameAndTarget(string first, string second)
    {
        var (a, b) = (Get(Metrics, first).Plan, Get(Metrics, second).Plan);

        if (a is null || b is null) return;
        Assert.NotEqual(a.Identity, b.Identity);
        Assert.NotEqual(a.Name, b.Name);
        Assert.NotEqual(a.Target, b.Target);
    }

    [Theory]
    [InlineData("/", "/", "k")]
    [InlineData("/x", "/x", "k")]
    [InlineData("/X", "/x", null)]
    public void Name_RouteOfLiterals_ToldByTheTemplate(string target, string route, string? name)
    {
        var (_, plan) = Get(new() { Name = "p", Key = "k", Ttl = "1m" }, target, route);

        if (name is null) Assert.Matches("^k#[0-9a-f]{16}$", plan!.Name);
        else Assert.Equal(name, plan!.Name);
    }

    [Fact]
    public void Name_OptionalGroupLeftOut_ItsOtherValuesStayInTheName()
    {
        var config = new CachePolicyConfig { Name = "p", Key = "k:{id}[:{query.a}:{query.b}]", Ttl = "1m" };
        var names = new[] { "/x", "/x?a=1", "/x?b=1", "/x?a=1&b=1", "/x?a=1_1&b=", "/x?a=&b=1_1" }.Select(target => Get(config, target, "/{id}").Plan!.Name).ToList();

        Assert.Equal(names.Count, names.Distinct().Count());
        Assert.Equal("k:x", names[0]);
    }

    [Theory]
    [InlineData("/api/v1/models/train/./metrics")]
    [InlineData("/api/v1/models/train/%FF/metrics")]
    [InlineData("/api/v1/models/train/%2/metrics")]
    public void Plan_MandatoryValueThatNobodyCanRead_Bypasses(string target) =>
        Assert.Equal(BypassReason.KeyIncomplete, Get(Metrics, target).Reason);

    [Theory]
    [InlineData("0")]
    [InlineData("off")]
    [InlineData("f")]
    [InlineData("FALSE")]
    [InlineData("False")]
    [InlineData("n")]
    [InlineData("No")]
    [InlineData("fals%65")]
    public void Bypass_WhatPydanticReadsAsFalse_IsRequested(string value) =>
        Assert.Equal(BypassReason.Requested, Get(Metrics, "/api/v1/models/train/a/metrics?use_cache=" + value).Reason);

    [Theory]
    [InlineData("use_cache=true", "")]
    [InlineData("use_cache=1&x=2", "?x=2")]
    [InlineData("use_cache=YES&use_cache=on", "")]
    [InlineData("use_cache=maybe", "?use_cache=maybe")]
    [InlineData("use_cache=", "?use_cache=")]
    [InlineData("use_cache=true&use_cache=maybe", "?use_cache=true&use_cache=maybe")]
    public void Bypass_OtherValues_TrueIsTakenOutTheRestStays(string query, string sent)
    {
        var (reason, plan) = Get(Metrics, "/api/v1/models/train/a/metrics?" + query);

        Assert.Equal(BypassReason.None, reason);
        Assert.Equal("/api/v1/models/train/a/metrics" + sent, plan!.Target);
        Assert.Equal("model:metrics:a" + sent, plan.Name);
    }

    [Theory]
    [InlineData("", "model:fi:a", "")]
    [InlineData("?top_n=10", "model:fi:a:top_10", "?top_n=10")]
    [InlineData("?top_n=10&z=1&b=2", "model:fi:a:top_10?b=2&z=1", "?top_n=10&z=1&b=2")]
    [InlineData("?top_n=", "model:fi:a:top_", "?top_n=")]
    [InlineData("?top_n=%31", "model:fi:a:top_1?top_n=%31", "?top_n=%31")]
    [InlineData("?top_n=1&top_n=2", "model:fi:a?top_n=1&top_n=2", "?top_n=1&top_n=2")]
    [InlineData("?top%5Fn=1", "model:fi:a?top%5Fn=1", "?top%5Fn=1")]
    [InlineData("?Top_N=2&top_n=1", "model:fi:a?Top_N=2&top_n=1", "?Top_N=2&top_n=1")]
    [InlineData("?z=1;top_n=2&b=3", "model:fi:a?z=1;top_n=2&b=3", "?z=1;top_n=2&b=3")]
    [InlineData("?&top_n=10&&", "model:fi:a:top_10", "?top_n=10")]
    public void Query_NamedParameter_LeavesTheRemainderOnlyInClear(string query, string name, string sent)
    {
        const string Route = "/fi/{model_run_id}";
        var (_, plan) = Get(Importance, "/fi/a" + query, Route);

        Assert.Equal(name, plan!.Name);
        Assert.Equal("/fi/a" + sent, plan.Target);
    }

    [Theory]
    [InlineData("Key", BypassReason.None, "/fi/a?top_n=1&x=2")]
    [InlineData("Drop", BypassReason.None, "/fi/a?top_n=1")]
    [InlineData("Bypass", BypassReason.UnknownQuery, null)]
    [InlineData("Reject", BypassReason.Rejected, null)]
    public void UnknownQuery_Parameter_IsTreatedAsSaid(string unknown, BypassReason expected, string? sent)
    {
        var (reason, plan) = Get(Importance with { UnknownQuery = unknown }, "/fi/a?top_n=1&x=2", "/fi/{model_run_id}");

        Assert.Equal(expected, reason);
        Assert.Equal(sent, plan?.Target);
    }

    [Fact]
    public void IgnoreQuery_Parameter_IsNeitherKeyedNorSent()
    {
        var (_, plan) = Get(Importance with { IgnoreQuery = ["utm"] }, "/fi/a?utm=x&b=1", "/fi/{model_run_id}");

        Assert.Equal("/fi/a?b=1", plan!.Target);
        Assert.Equal("model:fi:a?b=1", plan.Name);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("*/*", true)]
    [InlineData("application/json", true)]
    [InlineData("application/*", true)]
    [InlineData("text/html,application/xhtml+xml,*/*;q=0.8", true)]
    [InlineData("application/json, text/plain, */*", true)]
    [InlineData("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", true)]
    [InlineData("text/plain, APPLICATION/JSON", true)]
    [InlineData("application/jsonlines, */*", true)]
    [InlineData("application/jsonlines", false)]
    [InlineData("*/*;q=0", false)]
    [InlineData("*/*;q=0.0", false)]
    [InlineData("*/*;q=0.8, */*;q=0", false)]
    [InlineData("application/*;q=0, */*", false)]
    [InlineData("*/*, application/json ;q=0", false)]
    [InlineData("*/*, application/json\t;q=0", false)]
    [InlineData("text/x;a=\"application/json\"", false)]
    [InlineData("text/x;a=\", application/json ,\"", false)]
    [InlineData("application/json;q=0, */*", false)]
    [InlineData("text/csv", false)]
    [InlineData("application/xml, text/*;q=0.5", false)]
    [InlineData("application/json;version=2", false)]
    [InlineData("nonsense", false)]
    public void Accept_Spelling_IsOneKeyWhenItAdmitsJson(string? accept, bool json)
    {
        var (_, plan) = accept is null
            ? Get(Metrics, "/api/v1/models/train/a/metrics")
            : Get(Metrics, "/api/v1/models/train/a/metrics", MetricsRoute, ("Accept", accept));

        Assert.Equal(json ? "application/json, */*;q=0.1" : accept, plan!.Accept);
        Assert.Equal(json, plan.Name == "model:metrics:a");
    }

    [Fact]
    public void Scheme_Https_IsInIdentityAndNameButNotInThePrimaryKey()
    {
        var policy = Compile(Metrics);
        var request = Request("/api/v1/models/train/a/metrics");
        policy.Plan(request, null, out var http);
        request.Request.Scheme = "https";
        policy.Plan(request, null, out var https);

        Assert.NotEqual(http!.Identity, https!.Identity);
        Assert.StartsWith("model:metrics:a#", https.Name, StringComparison.Ordinal);
        Assert.Equal(http.PrimaryKey, https.PrimaryKey);
    }

    [Fact]
    public void Head_SameTarget_IsGetsPlan() => Assert.Equal(
        Get(Metrics, "/api/v1/models/train/a/metrics").Plan!.Identity,
        Compile(Metrics).Plan(Request("/api/v1/models/train/a/metrics", method: "HEAD"), null, out var head) == BypassReason.None ? head!.Identity : default);

    [Theory]
    [InlineData("get", BypassReason.Method)]
    [InlineData("POST", BypassReason.Method)]
    [InlineData("DELETE", BypassReason.Method)]
    public void Method_NotThePolicys_Bypasses(string method, BypassReason expected) =>
        Assert.Equal(expected, Compile(Metrics).Plan(Request("/api/v1/models/train/a/metrics", method: method), null, out _));

    [Fact]
    public void Get_WithABody_Bypasses()
    {
        var request = Request("/api/v1/models/train/a/metrics");
        request.Request.ContentLength = 3;

        Assert.Equal(BypassReason.UnexpectedBody, Compile(Metrics).Plan(request, null, out _));
    }

    [Fact]
    public void Off_AnyRequest_Bypasses() => Assert.Equal(BypassReason.Off, Get(Metrics with { Mode = "off" }, "/api/v1/models/train/a/metrics").Reason);

    [Theory]
    [InlineData("Authorization")]
    [InlineData("Cookie")]
    [InlineData("x-api-key")]
    public void Credentials_PolicyThatDoesNotSayWhose_Bypasses(string header)
    {
        const string Target = "/api/v1/models/train/a/metrics";
        (string, string) credential = (header, "secret");

        Assert.Equal(BypassReason.Credentials, Get(Metrics, Target, MetricsRoute, credential).Reason);
        Assert.Equal("model:metrics:a", Get(Metrics with { Shared = "true" }, Target, MetricsRoute, credential).Plan!.Name);
        Assert.Equal(BypassReason.None, Get(Metrics with { Ttl = "Origin" }, Target, MetricsRoute, credential).Reason);
        var mine = Get(Metrics with { VaryByCredential = "true" }, Target, MetricsRoute, credential).Plan!;
        var other = Get(Metrics with { VaryByCredential = "true" }, Target, MetricsRoute, (header, "other")).Plan!;
        var nobody = Get(Metrics with { VaryByCredential = "true" }, Target).Plan!;
        Assert.Equal(3, new[] { mine.Identity, other.Identity, nobody.Identity }.Distinct().Count());
        Assert.Equal(3, new[] { mine.Name, other.Name, nobody.Name }.Distinct().Count());
        Assert.DoesNotContain("secret", mine.Name, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/v1/models/train/abc/metrics", "/api/v1/models/train/abc/access")]
    [InlineData("/api/v1/models/train/a%2Fb/metrics", "/api/v1/models/train/a%2Fb/access")]
    [InlineData("/api/v1/models/train/a%252fb/metrics", "/api/v1/models/train/a%252fb/access")]
    public void AccessCheck_RouteValue_AsksForTheSameResource(string target, string access)
    {
        var (_, plan) = Get(Metrics with { AccessCheckPath = "/api/v1/models/train/{model_run_id}/access", AccessCheckTtl = "30s" }, target);

        Assert.Equal<string>([access], plan!.AccessTargets);
    }

    [Fact]
    public void AccessCheck_List_AsksForEachElement()
    {
        var config = Comparison with { AccessCheckPath = "/t/{body.model_run_ids}/access", AccessCheckTtl = "30s" };

        Assert.Equal<string>(["/t/b/access", "/t/a/access"], Post(config, """{"model_run_ids":["b","a","b"]}""").Plan!.AccessTargets);
        Assert.Equal(BypassReason.KeyIncomplete, Post(config, """{"model_run_ids":[]}""").Reason);
        Assert.Equal(BypassReason.KeyIncomplete, Post(config, """{"model_run_ids":["a",".."]}""").Reason);
        Assert.Equal(BypassReason.KeyIncomplete, Post(config, """{"model_run_ids":["a",""]}""").Reason);
        var ids = string.Join(',', Enumerable.Range(0, 33).Select(i => $"\"m{i}\""));
        Assert.Equal(BypassReason.TooManyAccessChecks, Post(config, $$"""{"model_run_ids":[{{ids}}]}""").Reason);
    }

    [Fact]
    public void VaryByHeader_Value_IsInNameAndIdentity()
    {
        var config = Metrics with { VaryByHeader = ["X-Tenant"] };
        var names = new[] { ("X-Other", "1"), ("X-Tenant", ""), ("x-tenant", "a"), ("X-Tenant", "b") }
            .Select(header => Get(config, "/api/v1/models/train/a/metrics", MetricsRoute, header).Plan!.Name).ToList();

        Assert.Equal(4, names.Distinct().Count());
        Assert.Equal("model:metrics:a", names[0]);
    }

    [Fact]
    public void Key_WithoutOne_IsSchemeHostAndExactTarget()
    {
        var config = new CachePolicyConfig { Name = "all", Ttl = "Origin" };
        var (_, plan) = Get(config, "/x/%61?b=2&a=1&use_cache=false", "/{**rest}");

        Assert.Equal("http://h.test/x/%61", plan!.PrimaryKey);
        Assert.Equal("http://h.test/x/%61?b=2&a=1&use_cache=false", plan.Name);
        Assert.Equal("/x/%61?b=2&a=1&use_cache=false", plan.Target);
        Assert.Contains("uri:http://h.test/x/a?a=1&b=2&use_cache=false", plan.Tags);
        Assert.NotEqual(Get(config, "/x?", "/{**rest}").Plan!.Name, Get(config, "/x", "/{**rest}").Plan!.Name);
        Assert.Equal("/x?", Get(config, "/x?", "/{**rest}").Plan!.Target);
    }

    [Fact]
    public void Plan_SameTargetAgain_IsRememberedAndNothingElseIsMistakenForIt()
    {
        var policy = Compile(Metrics with { Shared = "true", AccessCheckPath = null });
        const string Target = "/api/v1/models/train/a/metrics";
        var endpoint = Request(Target);
        RequestPlan Plan(string method = "GET", string scheme = "http", string host = "h.test", string? accept = null, bool other = false)
        {
            var request = other ? Request(Target, "/{**rest}", method) : endpoint;
            request.Request.Method = method;
            request.Request.Scheme = scheme;
            request.Request.Host = new(host);
            request.Request.Headers.Accept = accept;
            policy.Plan(request, null, out var plan);
            return plan!;
        }

        // Asked for once, it is not remembered.
        var once = Plan();
        var first = Plan();

        Assert.NotSame(once, first);
        Assert.Same(first, Plan());
        Assert.Same(first, Plan(method: "HEAD", accept: "*/*"));
        Assert.Equal(first.Identity, Plan(host: "other.test").Identity);
        Assert.NotEqual(first.Identity, Plan(scheme: "https").Identity);
        Assert.NotEqual(first.Identity, Plan(accept: "text/csv").Identity);
        Assert.Null(Plan(other: true));
        Assert.Equal(BypassReason.Method, policy.Plan(Request(Target, method: "POST"), null, out _));
    }

    [Theory]
    [InlineData("H.TEST")]
    [InlineData("h.test:80")]
    public void Host_AnotherSpelling_IsTheSameKey(string host)
    {
        var request = Request("/x", "/{**rest}");
        request.Request.Host = new(host);
        Compile(new() { Name = "all", Ttl = "60s" }).Plan(request, null, out var plan);

        Assert.Equal("http://h.test/x", plan!.Name);
    }

    [Fact]
    public void Target_AbsoluteForm_IsReadLikeOriginForm() =>
        Assert.Equal("/api/v1/models/train/a/metrics?x=1", Get(Metrics, "http://h.test/api/v1/models/train/a/metrics?x=1").Plan!.Target);

    [Theory]
    [InlineData(7000)]
    [InlineData(600)]
    public void Name_TooLong_EndsInItsHash(int length)
    {
        var long1 = Get(Metrics, "/api/v1/models/train/a/metrics?x=" + new string('y', length)).Plan!;
        var long2 = Get(Metrics, "/api/v1/models/train/a/metrics?x=" + new string('y', length - 1) + "z").Plan!;
        var key1 = Get(Metrics, $"/api/v1/models/train/{new string('y', length)}/metrics").Plan!;

        Assert.All([long1.Name, long2.Name, key1.Name, key1.PrimaryKey], name => Assert.InRange(Encoding.UTF8.GetByteCount(name), 1, 512));
        Assert.NotEqual(long1.Name, long2.Name);
        Assert.Equal("model:metrics:a", long1.PrimaryKey);
        Assert.All(key1.Tags, tag => Assert.InRange(tag.Length, 1, 512));
    }

    [Fact]
    public void Md5_SortedList_IsTheGuidesHash()
    {
        var (_, plan) = Post(Comparison, """{"model_run_ids":["b","a"],"metric":"accuracy"}""");

#pragma warning disable CA5351 // The guide's key format.
        Assert.Equal($"model:comparison:{Convert.ToHexStringLower(MD5.HashData("a|b"u8))}:accuracy", plan!.Name);
#pragma warning restore CA5351
        Assert.Equal<string>(["comparisons", "model:b", "model:a", "uri:/compare"], plan.Tags);
    }
}
