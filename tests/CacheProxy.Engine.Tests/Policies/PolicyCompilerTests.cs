using CacheProxy.Engine.Policies;
using static CacheProxy.Engine.Tests.Policies.PolicyRequests;

namespace CacheProxy.Engine.Tests.Policies;

public sealed class PolicyCompilerTests
{
    [Theory]
    [InlineData("model:{id", "brace")]
    [InlineData("model:id}", "brace")]
    [InlineData("model:{}", "names nothing")]
    [InlineData("model:{id|upper}", "unknown filter 'upper'")]
    [InlineData("model:{cookie.x}", "query, header or body")]
    [InlineData("model:[x]", "without a placeholder")]
    [InlineData("model:[{a}[{b}]]", "within brackets")]
    [InlineData("model:[{a}", "not closed")]
    [InlineData("model:{a}]", "without an opening")]
    [InlineData("model?{a}", "literal '?'")]
    [InlineData("model#{a}", "literal '?'")]
    [InlineData("", "is empty")]
    [InlineData("{header.Authorization}", "VaryByCredential")]
    [InlineData("k:{body.x}", "names a body")]
    public void Key_Broken_IsReportedWithPathAndRemedy(string key, string problem)
    {
        var error = Assert.Single(Errors(new CachePolicyConfig { Name = "p", Key = key, Ttl = "1m" }));

        Assert.StartsWith("CachePolicies.p.Key", error, StringComparison.Ordinal);
        Assert.Contains(problem, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Compile_ManyErrors_AreReportedTogether()
    {
        var errors = Errors(new CachePolicyConfig
        {
            Name = "p",
            Key = "k:{a}",
            Ttl = "Forever",
            Jitter = "2",
            Methods = ["PUT"],
            UnknownQuery = "Ignore",
            VaryByHeader = ["Cookie", "Range"],
            VaryByCredential = "maybe",
            AccessCheckPath = "access",
            StatusCodes = new Dictionary<string, string> { ["304"] = "1m", ["404"] = "30" },
            MaxEntrySize = "big",
            StaleIfError = "-1s",
            Mode = "3",
            Bypass = new Dictionary<string, string> { ["use_cache"] = "false" },
            OnLostLease = "Never",
            RequestDirectives = "Some",
        });

        foreach (var option in new[] { "Ttl", "Jitter", "Methods[0]", "UnknownQuery", "VaryByHeader[0]", "VaryByHeader[1]", "VaryByCredential", "AccessCheck.Path", "AccessCheck.Ttl", "StatusCodes", "StatusCodes.404", "MaxEntrySize", "StaleIfError", "Mode", "Bypass", "OnLostLease", "RequestDirectives" })
            Assert.Contains(errors, error => error.StartsWith($"CachePolicies.p.{option}:", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("model:{a}", "model:{b}", true)]
    [InlineData("model:metrics:{a}", "model:fi:{a}", false)]
    [InlineData("model:{a}", "model:metrics:{a}", false)]
    [InlineData("model:{a}", "model:metrics", true)]
    [InlineData("model:x[:{a}]", "model:x", true)]
    [InlineData("model:x:{a}", "model:x[:{b}]", true)]
    [InlineData("model:x:{a}", "model:x[:top_{b}]", true)]
    [InlineData("m-{a}", "{b}-m", true)]
    [InlineData("m:{a}", "{b}:n", true)]
    [InlineData("m:{a}:x", "m:{a}:y", false)]
    [InlineData("m:{a|md5}", "m:{a}|{b}", true)]
    public void Templates_OfTwoPolicies_MayNotRenderAlike(string first, string second, bool collide)
    {
        var errors = Errors(new CachePolicyConfig { Name = "a", Key = first, Ttl = "1m" }, new CachePolicyConfig { Name = "b", Key = second, Ttl = "1m" });

        Assert.Equal(collide, errors.Count == 1);
        if (collide) Assert.Contains("can give the same key as CachePolicies.a.Key", errors[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("VERY_SHORT", 300)]
    [InlineData("veryshort", 300)]
    [InlineData("Short", 900)]
    [InlineData("Medium", 1800)]
    [InlineData("LONG", 3600)]
    [InlineData("Very_Long", 7200)]
    [InlineData("Day", 86400)]
    [InlineData("week", 604800)]
    [InlineData("500ms", 0.5)]
    [InlineData("45s", 45)]
    [InlineData("1.5m", 90)]
    [InlineData("1h", 3600)]
    [InlineData("7d", 604800)]
    [InlineData("01:00:30", 3630)]
    public void Ttl_Spelling_IsRead(string text, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Compile(Metrics with { Ttl = text }).Ttl);

    [Theory]
    [InlineData("30")]
    [InlineData("24:00:00")]
    [InlineData("1.00:00:00")]
    [InlineData("0s")]
    [InlineData("-5s")]
    [InlineData("5 fortnights")]
    [InlineData("1e3s")]
    [InlineData("9999999d")]
    [InlineData("")]
    [InlineData(null)]
    public void Ttl_Nonsense_IsRefused(string? text) =>
        Assert.StartsWith("CachePolicies.metrics.Ttl:", Assert.Single(Errors(Metrics with { Ttl = text })), StringComparison.Ordinal);

    [Fact]
    public void StatusCodes_Negative_StandBeside200()
    {
        var policy = Compile(Metrics with { StatusCodes = new Dictionary<string, string> { ["404"] = "30s" } });

        Assert.True(policy.TryGetTtl(404, out var negative));
        Assert.Equal(TimeSpan.FromSeconds(30), negative);
        Assert.True(policy.TryGetTtl(200, out var ttl));
        Assert.Equal(TimeSpan.FromHours(1), ttl);
        Assert.False(policy.TryGetTtl(500, out _));
        Assert.False(Compile(Metrics with { Ttl = "Origin" }).TryGetTtl(200, out _));
    }

    [Theory]
    [InlineData("x-request-id", true)]
    [InlineData("RateLimit-Remaining", true)]
    [InlineData("X-RateLimit-Limit", true)]
    [InlineData("X-Runtime", true)]
    [InlineData("ETag", false)]
    [InlineData("X-Request-ID-2", false)]
    public void RemoveHeaders_Default_TakesHeadersOfOneRequest(string name, bool removed) => Assert.Equal(removed, Compile(Metrics).RemovesHeader(name));

    [Fact]
    public void Fingerprint_KeyTagsAndAccess_ChangeItAndNothingElse()
    {
        var print = Compile(Metrics).Fingerprint;

        Assert.Equal(print, Compile(Metrics with { Ttl = "1m", StaleIfError = "1h" }).Fingerprint);
        Assert.NotEqual(Compile(Metrics).ContentHash, Compile(Metrics with { Ttl = "1m" }).ContentHash);
        CachePolicyConfig[] others = [Metrics with { Key = "m:{model_run_id}" }, Metrics with { Tags = ["t"] }, Metrics with { Shared = "true" }, Metrics with { IgnoreQuery = ["x"] }, Metrics with { VaryByCredential = "true" }];
        Assert.DoesNotContain(print, others.Select(config => Compile(config).Fingerprint));
        Assert.Equal(13004272635889610494UL, print);
    }

    [Fact]
    public void DependsOnTargetOnly_HeadersAndAccess_DenyIt()
    {
        Assert.True(Compile(Metrics).DependsOnTargetOnly);
        Assert.True(Compile(Metrics).TargetDecidesBypass);
        Assert.False(Compile(Metrics with { VaryByHeader = ["X-A"] }).DependsOnTargetOnly);
        Assert.False(Compile(Metrics with { Key = "k:{header.X-A}" }).DependsOnTargetOnly);
        Assert.False(Compile(Metrics with { VaryByCredential = "true" }).DependsOnTargetOnly);
        Assert.False(Compile(Metrics with { Bypass = new Dictionary<string, string> { ["header.X-No"] = "*" } }).DependsOnTargetOnly);
        Assert.False(Compile(Metrics with { Bypass = new Dictionary<string, string>() }).TargetDecidesBypass);
    }

    [Fact]
    public void TargetNames_OfAPolicy_AreTheTagOfItsEntries()
    {
        var plan = Get(Metrics with { IgnoreQuery = ["utm"] }, "/api/v1/models/train/%61/metrics?b=%7e&a=1&utm=x&use_cache=true").Plan!;
        var names = TargetNames.Of("http", "h.test", "http://other/api/v1/models/train/a/metrics?a=1&utm=y&b=~", plan.Policy);

        Assert.Contains(Assert.Single(names), plan.Tags);
        Assert.Equal<string>(["uri:/x?a=1", "uri:https://h.test/x?a=1"], TargetNames.Of("https", "H.test:443", "/x?a=1", null));
    }

    [Fact]
    public void PrimaryKey_OfAPurge_IsThatOfTheEntries()
    {
        var policy = Compile(Metrics);

        Assert.True(policy.TryGetPrimaryKey(Request("/api/v1/models/train/a/metrics?x=1", method: "PURGE"), out var key));
        Assert.Equal("model:metrics:a", key);
        Assert.False(Compile(Comparison).TryGetPrimaryKey(Request("/compare", "/compare", "PURGE"), out _));
    }

    [Fact]
    public void NamesOnSuccess_MissingValue_IsEverything()
    {
        var policy = Compile(Metrics with { InvalidateOnSuccess = new() { Tags = ["model:{model_run_id}", "owner:{query.owner}"], Mode = "Soft" } });

        var names = policy.NamesOnSuccess(Request("/api/v1/models/train/a/metrics?owner=o", method: "DELETE"), null, out var problem)!;
        Assert.Null(problem);
        Assert.Equal<string>(["model:a", "owner:o"], names.Tags);
        Assert.Equal("Soft", names.Mode);
        Assert.True(policy.NamesOnSuccess(Request("/api/v1/models/train/a/metrics", method: "DELETE"), null, out problem)!.Everything);
        Assert.Contains("{query.owner}", problem, StringComparison.Ordinal);
    }
}
