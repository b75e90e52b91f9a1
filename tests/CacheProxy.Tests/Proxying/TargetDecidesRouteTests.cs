using CacheProxy.Configuration;
using CacheProxy.Engine.Caching;
using CacheProxy.Engine.Telemetry;
using CacheProxy.Proxying;
using CacheProxy.Tests.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Prometheus;

namespace CacheProxy.Tests.Proxying;

/// <summary>Which routes may be answered before routing: none that something between routing and the cache has a say in.</summary>
public sealed class TargetDecidesRouteTests
{
    [Theory]
    [InlineData("", true)]
    [InlineData(""", "CorsPolicy": "pages" """, false)]
    [InlineData(""", "CorsPolicy": "Disable" """, false)]
    [InlineData(""", "RateLimiterPolicy": "few" """, false)]
    [InlineData(""", "RateLimiterPolicy": "Disable" """, false)]
    public async Task Route_UnderWhatTheMemoWouldSkip_IsNotMarked(string more, bool expected)
    {
        var text = RoutesText.With(
            policies: """ "p": { "Ttl": "1m" } """,
            routes: RoutesText.Route("p", more),
            top: """ "Cors": { "Policies": { "pages": { "Origins": [ "*" ] } } }, "RateLimiter": { "Policies": { "few": { "Concurrency": { "PermitLimit": 1 } } } }, """);

        Assert.Equal(expected, await IsMarkedAsync(text, "r-p"));
    }

    private static async Task<bool> IsMarkedAsync(string text, string route)
    {
        var errors = new ConfigurationErrors();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(RoutesFile.Parse(text, errors));
        var catalog = new PolicyCatalog(new CacheMetrics(Metrics.WithCustomRegistry(Metrics.NewCustomRegistry())));
        catalog.Prepare(RoutesValidator.Validate(builder.Configuration, errors));
        Assert.Empty(errors);
        builder.Services.AddSingleton(catalog);
        builder.Services.AddProxying(builder.Configuration, OriginOptions.Default);
        await using var app = builder.Build();
        app.MapProxying();
        var endpoint = ((IEndpointRouteBuilder)app).DataSources.SelectMany(static source => source.Endpoints).Single(endpoint => endpoint.DisplayName == route);
        return endpoint.Metadata.GetMetadata<TargetDecidesRoute>() is not null;
    }
}
