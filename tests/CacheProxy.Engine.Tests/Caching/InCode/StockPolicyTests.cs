using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.DependencyInjection;

namespace CacheProxy.Engine.Tests.Caching.InCode;

/// <summary>Policies of the stock builder and metadata, as its documentation writes them.</summary>
public sealed class StockPolicyTests
{
    public static TheoryData<string, int> Spellings { get; } = new()
    {
        { "default", 60 }, { "builder", 30 }, { "name", 40 }, { "attribute", 50 }, { "attribute with a name", 40 }, { "attribute over a name", 20 },
    };

    [Theory]
    [MemberData(nameof(Spellings))]
    public async Task Endpoint_CachedInAnySpelling_IsAnsweredFromMemoryForItsTime(string spelling, int seconds)
    {
        await using var host = await ApplicationHost.StartAsync(
            endpoint => Cache(endpoint, spelling), static options => options.AddPolicy("named", static policy => policy.Expire(TimeSpan.FromSeconds(40))));

        var first = await host.GetAsync("/a");
        host.Time.Advance(TimeSpan.FromSeconds(seconds - 1));
        var within = await host.GetAsync("/a");
        host.Time.Advance(TimeSpan.FromSeconds(2));
        var after = await host.GetAsync("/a");

        Assert.Equal(("MISS", "HIT", "MISS"), (first.Cache, within.Cache, after.Cache));
        Assert.Equal((first.Body, 2), (within.Body, host.Answered));
    }

    [Fact]
    public async Task Endpoint_WithoutPolicy_Passes()
    {
        await using var host = await ApplicationHost.StartAsync(static _ => { });

        await host.GetAsync("/a");
        var second = await host.GetAsync("/a");

        Assert.Equal("BYPASS", second.Cache);
        Assert.Contains("no-policy", second["Cache-Status"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("attribute")]
    [InlineData("builder")]
    public async Task Endpoint_ThatIsNotToBeStored_Passes(string spelling)
    {
        await using var host = await ApplicationHost.StartAsync(endpoint =>
        {
            if (spelling == "attribute") endpoint.WithMetadata(new OutputCacheAttribute { NoStore = true });
            else endpoint.CacheOutput(static policy => policy.NoCache());
        });

        await host.GetAsync("/a");
        var second = await host.GetAsync("/a");

        Assert.Equal("BYPASS", second.Cache);
        Assert.Contains("detail=policy", second["Cache-Status"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_OfAnAuthenticatedCaller_PassesUnderTheDefaultPolicy()
    {
        await using var host = await ApplicationHost.StartAsync(static endpoint => endpoint.CacheOutput());

        await host.GetAsync("/a", "Authorization: Bearer x");
        var second = await host.GetAsync("/a", "Authorization: Bearer x");

        Assert.Equal("BYPASS", second.Cache);
    }

    [Fact]
    public async Task Request_WithACookieThatThePolicyDoesNotKnow_PassesAndIsToldWhy()
    {
        await using var host = await ApplicationHost.StartAsync(static endpoint => endpoint.CacheOutput());

        await host.GetAsync("/a");
        var withCookie = await host.GetAsync("/a", "Cookie: who=me");

        Assert.Equal("BYPASS", withCookie.Cache);
        Assert.Contains("detail=credentials", withCookie["Cache-Status"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200, "Set-Cookie")]
    [InlineData(404, "X-Nothing")]
    public async Task Response_ThatTheDefaultPolicyRefuses_IsNotStored(int status, string field)
    {
        await using var host = await ApplicationHost.StartAsync((app, host) => app.MapGet("/a", context =>
        {
            _ = host.Count(context);
            context.Response.StatusCode = status;
            context.Response.Headers[field] = "a=b";
            return Task.CompletedTask;
        }).CacheOutput());

        await host.GetAsync("/a");
        var second = await host.GetAsync("/a");

        Assert.Equal(("MISS", 2), (second.Cache, host.Answered));
    }

    [Fact]
    public async Task Head_AfterAGet_IsAnsweredFromItsEntry()
    {
        await using var host = await ApplicationHost.StartAsync((app, host) => app.MapMethods("/a", ["GET", "HEAD"], host.Count).CacheOutput());

        await host.GetAsync("/a");
        var head = await host.SendAsync(HttpMethod.Head, "/a", null);

        Assert.Equal(("HIT", 1), (head.Cache, host.Answered));
    }

    [Fact]
    public async Task Response_ThatSaysNoStore_IsNotStored()
    {
        await using var host = await ApplicationHost.StartAsync((app, host) => app.MapGet("/a", (Microsoft.AspNetCore.Http.HttpContext context) =>
        {
            context.Response.Headers.CacheControl = "no-store";
            return host.Count(context);
        }).CacheOutput());

        await host.GetAsync("/a");
        var second = await host.GetAsync("/a");

        Assert.Equal(("MISS", 2), (second.Cache, host.Answered));
    }

    [Fact]
    public async Task Pipeline_WithTheStockMiddlewareToo_IsRefused()
    {
        await using var host = await ApplicationHost.StartAsync(
            static endpoint => endpoint.CacheOutput(), before: static app =>
            {
                app.Use(static async (context, next) =>
                {
                    try
                    {
                        await next(context);
                    }
                    catch (InvalidOperationException exception)
                    {
                        context.Response.Headers["X-Problem"] = exception.Message;
                    }
                });
                app.UseRouting();
                app.UseOutputCache();
            });

        var answer = await host.GetAsync("/a");

        Assert.Contains("take UseOutputCache out", answer["X-Problem"], StringComparison.Ordinal);
    }

    private static void Cache(IEndpointConventionBuilder endpoint, string spelling)
    {
        switch (spelling)
        {
            case "default":
                endpoint.CacheOutput();
                break;
            case "builder":
                endpoint.CacheOutput(static policy => policy.Expire(TimeSpan.FromSeconds(30)));
                break;
            case "name":
                endpoint.CacheOutput("named");
                break;
            case "attribute":
                endpoint.WithMetadata(new OutputCacheAttribute { Duration = 50 });
                break;
            case "attribute with a name":
                endpoint.WithMetadata(new OutputCacheAttribute { PolicyName = "named" });
                break;
            case "attribute over a name":
                endpoint.WithMetadata(new OutputCacheAttribute { PolicyName = "named", Duration = 20 });
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(spelling), spelling, "is no spelling");
        }
    }
}
