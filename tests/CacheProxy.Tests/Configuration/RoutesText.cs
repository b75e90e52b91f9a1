using CacheProxy.Configuration;
using Microsoft.Extensions.Configuration;

namespace CacheProxy.Tests.Configuration;

/// <summary>Routes files for tests, and their errors.</summary>
internal static class RoutesText
{
    public static string With(string policies = "", string events = "", string routes = "", string top = "") => $$"""
        {
          // A comment, and a trailing comma below.
          "$schema": "./routes.schema.json",
          "ReverseProxy": {
            "Routes": {
              {{routes}}
              "all": { "ClusterId": "c", "Match": { "Path": "/{**rest}" } }
            },
            "Clusters": { "c": { "Destinations": { "d": { "Address": "http://localhost:8000" } } } }
          },
          "CachePolicies": { {{policies}} },
          "Invalidation": { "Events": { {{events}} } },
          {{top}}
        }
        """;

    /// <summary>A route under a policy.</summary>
    public static string Route(string policy, string more = "") =>
        $$"""
        "r-{{policy}}": { "ClusterId": "c", "OutputCachePolicy": "{{policy}}", "Match": { "Path": "/{{policy}}/{id}" } {{more}} },
        """;

    public static List<string> Errors(string text, params (string Key, string Value)[] overrides)
    {
        var errors = new ConfigurationErrors();
        var data = RoutesFile.Parse(text, errors);
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(data)
            .AddInMemoryCollection(overrides.Select(pair => KeyValuePair.Create<string, string?>(pair.Key, pair.Value))).Build();
        RoutesValidator.Validate(configuration, errors);
        return [.. errors.Select(error => error.ToString())];
    }

    /// <summary>What YARP and routing have against it.</summary>
    public static ConfigurationErrors YarpErrors(string text)
    {
        var errors = new ConfigurationErrors();
        var data = RoutesFile.Parse(text, errors);
        YarpRules.Check(new ConfigurationBuilder().AddInMemoryCollection(data).Build().GetSection("ReverseProxy"), errors);
        return errors;
    }
}
