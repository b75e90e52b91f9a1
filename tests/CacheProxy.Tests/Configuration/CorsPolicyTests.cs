using CacheProxy.Configuration;
using Microsoft.Extensions.Configuration;
using static CacheProxy.Tests.Configuration.RoutesText;

namespace CacheProxy.Tests.Configuration;

/// <summary><c>Cors:Policies</c> as it is read, and what is refused because a browser would silently refuse it later.</summary>
public sealed class CorsPolicyTests
{
    [Fact]
    public void Policy_AllWritten_IsTaken()
    {
        var errors = new ConfigurationErrors();
        var values = RoutesFile.Parse(
            With(top: """ "Cors": { "Policies": { "App": { "Origins": [ "https://App.example.com", "https://*.example.org:8443" ], "Headers": [ "*" ], "Methods": [ "PUT" ], "ExposedHeaders": [ "Age" ], "SupportsCredentials": true, "PreflightMaxAge": 90 } } }, """), errors);

        var policy = RoutesValidator.Validate(new ConfigurationBuilder().AddInMemoryCollection(values).Build(), errors).CorsPolicies["app"].Policy;

        Assert.Empty(errors);
        Assert.True(policy.IsOriginAllowed("https://app.example.com"));
        Assert.True(policy.IsOriginAllowed("https://x.example.org:8443"));
        Assert.False(policy.IsOriginAllowed("https://example.org.evil:8443"));
        Assert.False(policy.IsOriginAllowed("http://app.example.com"));
        Assert.True(policy is { AllowAnyHeader: true, AllowAnyMethod: false, AllowAnyOrigin: false, SupportsCredentials: true });
        Assert.Equal<string>(["PUT"], policy.Methods);
        Assert.Equal<string>(["Age"], policy.ExposedHeaders);
        Assert.Equal(TimeSpan.FromSeconds(90), policy.PreflightMaxAge);
    }

    [Theory]
    [InlineData("""{ "Headers": [ "*" ] }""", "Origins: is missing")]
    [InlineData("""{ "Origins": [] }""", "Origins: is missing")]
    [InlineData("""{ "Origins": [ "https://a.example/" ] }""", "Origins[0]: \"https://a.example/\" is no origin")]
    [InlineData("""{ "Origins": [ "https://a.example:443" ] }""", "Origins[0]: \"https://a.example:443\" is no origin")]
    [InlineData("""{ "Origins": [ "https://b.example", "a.example" ] }""", "Origins[1]: \"a.example\" is no origin")]
    [InlineData("""{ "Origins": [ "https://bücher.example" ] }""", "Origins[0]: \"https://bücher.example\" is no origin")]
    [InlineData("""{ "Origins": [ "null" ] }""", "Origins[0]: \"null\" is no origin")]
    [InlineData("""{ "Origins": [ "https://*" ] }""", "Origins[0]: \"https://*\" is no origin")]
    [InlineData("""{ "Origins": [ "*", "https://a.example" ] }""", "Origins: has * beside others")]
    [InlineData("""{ "Origins": [ "*" ], "SupportsCredentials": true }""", "SupportsCredentials: \"true\" cannot stand beside the origin *")]
    [InlineData("""{ "Origins": [ "*" ], "SupportsCredentials": "yes" }""", "SupportsCredentials: \"yes\" is neither true nor false")]
    [InlineData("""{ "Origins": [ "*" ], "Methods": [ "GET, PUT" ] }""", "Methods[0]: \"GET, PUT\" is no name")]
    [InlineData("""{ "Origins": [ "*" ], "Headers": [ "" ] }""", "Headers[0]: \"\" is empty")]
    [InlineData("""{ "Origins": [ "*" ], "PreflightMaxAge": "2d" }""", "PreflightMaxAge: \"2d\" is out of bounds")]
    [InlineData("""{ "Origins": [ "*" ], "MaxAge": "2d" }""", "MaxAge: is unknown")]
    public void Policy_Broken_IsNamedByPathValueAndRemedy(string policy, string expected) =>
        Assert.StartsWith("Cors.Policies.p." + expected, Assert.Single(Errors(With(top: $$""" "Cors": { "Policies": { "p": {{policy}} } }, """))), StringComparison.Ordinal);

    [Fact]
    public void Policy_OfTheEnvironment_IsCheckedToo()
    {
        Assert.Empty(Errors(With(), ("Cors:Policies:p:Origins:0", "*")));
        Assert.StartsWith("Cors.Policies.p.Orgins", Assert.Single(Errors(With(), ("Cors:Policies:p:Origins:0", "*"), ("Cors:Policies:p:Orgins", "x"))), StringComparison.Ordinal);
        Assert.Contains(Errors(With(), ("Cors:Policies:p:Origins", "https://a.example")), static error => error.Contains("is no list: write Cors:Policies:p:Origins:0", StringComparison.Ordinal));
        Assert.StartsWith("Cors.Policy", Assert.Single(Errors(With(), ("Cors:Policy:p", "x"))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pages", null)]
    [InlineData("Pages", null)]
    [InlineData("disable", null)]
    [InlineData("default", "stands for a default that there is none of")]
    [InlineData("page", "is unknown: did you mean pages?")]
    public void Route_NamesOneOfThem(string name, string? expected)
    {
        var errors = Errors(With(
            routes: $$""" "r": { "ClusterId": "c", "CorsPolicy": "{{name}}", "Match": { "Path": "/x" } }, """,
            top: """ "Cors": { "Policies": { "pages": { "Origins": [ "*" ] } } }, """));

        if (expected is null) Assert.Empty(errors);
        else Assert.StartsWith($"ReverseProxy.Routes.r.CorsPolicy: \"{name}\" {expected}", Assert.Single(errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("default")]
    [InlineData("Disable")]
    public void Name_ThatYarpKeeps_IsRefused(string name) => Assert.StartsWith(
        $"Cors.Policies.{name}: has a name that YARP keeps for itself", Assert.Single(Errors(With(top: $$""" "Cors": { "Policies": { "{{name}}": { "Origins": [ "*" ] } } }, """))), StringComparison.Ordinal);

    [Fact]
    public void Route_WithoutAnyPolicies_SaysThatThereAreNone() => Assert.Contains(
        "is unknown: there are no Cors.Policies", Assert.Single(Errors(With(routes: """ "r": { "ClusterId": "c", "CorsPolicy": "p", "Match": { "Path": "/x" } }, """))), StringComparison.Ordinal);
}
