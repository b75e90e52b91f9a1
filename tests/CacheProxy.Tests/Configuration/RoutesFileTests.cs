using CacheProxy.Configuration;
using Microsoft.Extensions.Configuration;
using static CacheProxy.Tests.Configuration.RoutesText;

namespace CacheProxy.Tests.Configuration;

public sealed class RoutesFileTests
{
    [Fact]
    public void Parse_CommentsTrailingCommasAndSchema_AreFine() =>
        Assert.Empty(Errors(With(policies: """ "p": { "Ttl": 45, "Key": "p:{id}", "Bypass": {} } """, routes: Route("p"))));

    [Theory]
    [InlineData(""" "p": { "Tttl": "1m" } """, "CachePolicies.p.Tttl: is unknown: did you mean Ttl?")]
    [InlineData(""" "p": { "Ttl": "Forever" } """, "CachePolicies.p.Ttl: \"Forever\" is not a duration")]
    [InlineData(""" "p": { "Ttl": "30" } """, "CachePolicies.p.Ttl: \"30\" is a number without a unit")]
    [InlineData(""" "p": { "Ttl": true } """, "CachePolicies.p.Ttl: \"true\" is no duration")]
    [InlineData(""" "p": { "Ttl": "1m", "Tags": "x" } """, "CachePolicies.p.Tags: \"\"x\"\" is no list")]
    [InlineData(""" "p": { "Ttl": "1m", "Tags": [ 7 ] } """, "CachePolicies.p.Tags[0]: \"7\" is no string")]
    [InlineData(""" "p": { "Ttl": "1m", "Key": "a?{id}" } """, "CachePolicies.p.Key: \"a?{id}\" contains a literal '?'")]
    [InlineData(""" "p": { "Ttl": "1m", "Prefetch": [ "/x" ] } """, "CachePolicies.p.Prefetch: is unknown")]
    [InlineData(""" "p": { "Ttl": "1m", "Warmup": [ "/x" ] } """, "CachePolicies.p.Warmup[0]: \"/x\" has no host")]
    [InlineData(""" "p": { "Ttl": "1m", "Verify": 1.5 } """, "CachePolicies.p.Verify: \"1.5\" is no share")]
    [InlineData(""" "p": { "Ttl": "1m", "Mode": "Maybe" } """, "CachePolicies.p.Mode: \"Maybe\" is none of the choices: write On, Off, Shadow")]
    [InlineData(""" "p": { "Ttl": "1m", "AccessCheck": { "Path": "/a", "Tll": "1m" } } """, "CachePolicies.p.AccessCheck.Tll: is unknown: did you mean Ttl?")]
    [InlineData(""" "p": { "Ttl": "1m", "StatusCodes": { "404": "60" } } """, "CachePolicies.p.StatusCodes.404: \"60\" is a number without a unit")]
    [InlineData(""" "p": { "Ttl": "1m", "a:b": 1 } """, "CachePolicies.p.a:b: has a colon in its name")]
    [InlineData(""" "p": [] """, "CachePolicies.p: \"[]\" is no object")]
    public void Policy_Broken_IsNamedByPathValueAndRemedy(string policy, string expected) =>
        Assert.Contains(Errors(With(policies: policy)), error => error.StartsWith(expected, StringComparison.Ordinal));

    [Theory]
    [InlineData("", """, "OutputCachePolicy": "mets" """, "OutputCachePolicy: \"mets\" is unknown: did you mean mets2?")]
    [InlineData("mets2", """, "AuthorizationPolicy": "Default" """, "AuthorizationPolicy: \"Default\" cannot be held")]
    [InlineData("mets2", """, "Transforms": [ { "PathPrefix": "/x" } ] """, "Transforms[0].PathPrefix: \"/x\" changes what is sent")]
    [InlineData("mets2", """, "Transforms": [ { "QueryValueParameter": "x", "Set": "1" } ] """, "Transforms[0].QueryValueParameter: \"x\" changes what is sent")]
    [InlineData("mets2", """, "Transforms": [ { "RequestHeaderOriginalHost": "true" } ] """, "Transforms[0].RequestHeaderOriginalHost: \"true\" sends the client's Host")]
    [InlineData("mets2", """, "Timeout": "30" """, "Timeout: \"30\" is no time-out")]
    [InlineData("mets2", """, "Ordr": 1 """, "Ordr: is unknown: did you mean Order?")]
    public void Route_ThatTheCacheCannotHold_IsNamed(string policy, string more, string expected)
    {
        var cached = policy.Length > 0 ? $$""", "OutputCachePolicy": "{{policy}}" """ : "";
        var errors = Errors(With(
            policies: """ "mets2": { "Ttl": "1m" } """,
            routes: $$""" "r": { "ClusterId": "c", "Match": { "Path": "/x" } {{cached}} {{more}} }, """));

        Assert.StartsWith("ReverseProxy.Routes.r." + expected, Assert.Single(errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(""" "Match": { "Path": "/x/{id" } """, "", "is refused by YARP: ", "'/x/{id'")]
    [InlineData(""" "Match": { "Path": "/x/{id:nope}" } """, ".Match.Path", "has a constraint that routing cannot use", "'nope'")]
    [InlineData(""" "Match": { "Path": "/x/{id:regex([)}" } """, ".Match.Path", "has a constraint that routing cannot use", "[)")]
    [InlineData(""" "Match": { "Path": "/{**other}" } """, ".Match.Path", "matches the same requests as route all", "Order")]
    [InlineData(""" "Match": { "Path": "/x", "Methods": [ "G T" ] } """, "", "is refused by YARP: ", "'G T'")]
    [InlineData(""" "Match": { "Path": "/x", "Headers": [ { "Name": "X", "Mode": "Nope" } ] } """, ".Match.Headers[0].Mode", "is nothing that YARP can read here", "Nope")]
    [InlineData(""" "Match": { "Path": "/x" }, "Transforms": [ { "Nonsense": "x" } ] """, "", "is refused by YARP: ", "Nonsense")]
    [InlineData(""" "Match": { "Path": "/x" }, "MaxRequestBodySize": "x" """, ".MaxRequestBodySize", "is nothing that YARP can read here", "'x'")]
    public void Route_ThatYarpOrRoutingRefuses_IsNamed(string route, string place, string problem, string named)
    {
        var error = Assert.Single(YarpErrors(With(routes: $$""" "r": { "ClusterId": "c", {{route}} }, """)));

        Assert.Equal("ReverseProxy.Routes.r" + place, error.Path);
        Assert.StartsWith(problem, error.Problem, StringComparison.Ordinal);
        Assert.Contains(named, error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(""" "Match": { "Path": "/{**other}" }, "Order": 5 """)]
    [InlineData(""" "Match": { "Path": "/{**other}", "Methods": [ "GET" ] } """)]
    [InlineData(""" "Match": { "Path": "/{**other}", "Hosts": [ "a.test" ] } """)]
    [InlineData(""" "Match": { "Path": "/{**other}", "Headers": [ { "Name": "X", "Mode": "Exists" } ] } """)]
    [InlineData(""" "Match": { "Path": "/{other}" } """)]
    public void Route_BesideASimilarOne_IsFineWhereRoutingCanChoose(string route) =>
        Assert.Empty(YarpErrors(With(routes: $$""" "r": { "ClusterId": "c", {{route}} }, """)));

    [Fact]
    public void Cluster_ThatYarpRefuses_IsNamed()
    {
        const string Routes = """{ "ReverseProxy": { "Routes": { "r": { "ClusterId": "c", "Match": { "Path": "/x" } } }, "Clusters": { "c": { REST, "Destinations": { "d": { "Address": "http://localhost:8000" } } } } } }""";

        Assert.Equal("ReverseProxy.Clusters.c", Assert.Single(YarpErrors(Routes.Replace("REST", "\"LoadBalancingPolicy\": \"Nope\"", StringComparison.Ordinal))).Path);
        Assert.Equal(
            "ReverseProxy.Clusters.c.HealthCheck.Active.Interval",
            Assert.Single(YarpErrors(Routes.Replace("REST", """ "HealthCheck": { "Active": { "Interval": "soon" } }""", StringComparison.Ordinal))).Path);
    }

    [Fact]
    public void Route_WithoutPolicy_MayTransformWhatItLikes() => Assert.Empty(Errors(With(
        routes: """ "r": { "ClusterId": "c", "Match": { "Path": "/x" }, "Transforms": [ { "PathPrefix": "/x" }, { "RequestHeaderOriginalHost": "true" } ] }, """)));

    [Fact]
    public void Cluster_Broken_IsNamed()
    {
        var errors = Errors("""{ "ReverseProxy": { "Routes": { "r": { "ClusterId": "x", "Match": {} } }, "Clusters": { "c": { "Destinations": { "d": { "Address": "localhost:8000" } } }, "e": {} } } }""");

        Assert.Equal<string>(
            ["ReverseProxy.Clusters.c.Destinations.d.Address", "ReverseProxy.Clusters.e.Destinations", "ReverseProxy.Routes.r.ClusterId", "ReverseProxy.Routes.r.Match"],
            errors.Select(error => error.Split(": ")[0]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Errors_InAllParts_AreReportedAtOnce()
    {
        var errors = Errors(With(
            policies: """ "p": { "Ttl": "x", "Tagz": [] }, "q": { "Key": "{", "Ttl": "1m" } """,
            events: """ "e": { "Tag": [ "x" ] } """,
            routes: Route("nope"),
            top: """ "CachePolicie": {}, """));

        Assert.Equal(6, errors.Count);
        foreach (var path in new[] { "CachePolicies.p.Ttl", "CachePolicies.p.Tagz", "CachePolicies.q.Key", "Invalidation.Events.e.Tag", "ReverseProxy.Routes.r-nope.OutputCachePolicy", "CachePolicie" })
            Assert.Contains(errors, error => error.StartsWith(path + ":", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{", "line 1, column 2: is not valid JSON")]
    [InlineData("""{ "CachePolicies": { "p": { "Ttl": "1m", "Ttl": "2m" } } }""", "is not valid JSON")]
    [InlineData("""{ "CachePolicies": { "p": { "Ttl": "1m", "ttl": "2m" } } }""", "CachePolicies.p.ttl: stands here twice")]
    [InlineData("""{ "CachePolicies": { "p": { "Ttl": "1m" }, "P": { "Ttl": "2m" } } }""", "CachePolicies.P: stands here twice")]
    [InlineData("[]", "$: \"[]\" is no object")]
    [InlineData("", "is not valid JSON")]
    [InlineData("""{ "CachePolicies": { "p": { "Ttl": "\ud800" } } }""", "half a character")]
    [InlineData("""{ "CachePolicies": { "\ud800": { "Ttl": "1m" } } }""", "half a character")]
    [InlineData("""{ "CachePolicies": { "p": { "Ttl": 1e400 } } }""", "is no duration")]
    public void Parse_BrokenJson_NamesThePlace(string text, string expected) =>
        Assert.Contains(Errors(text), error => error.Contains(expected, StringComparison.Ordinal));

    [Fact]
    public void Overrides_FromTheEnvironment_AreCheckedLikeTheFile()
    {
        var text = With(policies: """ "p": { "Ttl": "1m" } """, routes: Route("p"));

        Assert.Empty(Errors(text, ("CachePolicies:p:Ttl", "45s"), ("ReverseProxy:Clusters:c:Destinations:d:Address", "http://models:8000")));
        Assert.Contains("number without a unit", Assert.Single(Errors(text, ("CachePolicies:p:Ttl", "45"))), StringComparison.Ordinal);
        Assert.StartsWith("CachePolicies.p.Tttl: is unknown", Assert.Single(Errors(text, ("CachePolicies:p:Tttl", "45s"))), StringComparison.Ordinal);
    }

    [Fact]
    public void Shipped_File_IsValid()
    {
        var errors = new ConfigurationErrors();
        var data = RoutesFile.Parse(File.ReadAllText(Repository.File("config/routes.json")), errors);
        var routes = RoutesValidator.Validate(new ConfigurationBuilder().AddInMemoryCollection(data).Build(), errors);

        Assert.Empty(errors);
        Assert.Equal<string>(["feature-importance", "model-comparison", "model-metrics"], routes.Policies.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(6, routes.Events.Types.Count);
        Assert.Equal("/{**rest}", routes.ReverseProxy["Routes:models:Match:Path"]);
        Assert.All(routes.Policies.Values, policy => Assert.NotNull(policy.AccessCheck));
    }
}
