using System.Security.Claims;
using System.Text;
using CacheProxy.Engine.Policies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.DependencyInjection;

namespace CacheProxy.Engine.Tests.Caching.InCode;

/// <summary>What a policy varies by is keyed and sent to the endpoint, and nothing else.</summary>
public sealed class VaryingTests
{
    [Fact]
    public async Task Query_OfWhichThePolicyNamesAPart_IsKeyedAndSentInThatPart()
    {
        await using var host = await ApplicationHost.StartAsync(static endpoint => endpoint.CacheOutput(static policy => policy.SetVaryByQuery("page")));

        var first = await host.GetAsync("/a?page=2&utm=x");
        var other = await host.GetAsync("/a?utm=y&page=2");
        var third = await host.GetAsync("/a?page=3");

        Assert.Equal(("1 /a?page=2", "HIT", "MISS"), (first.Body, other.Cache, third.Cache));
    }

    [Fact]
    public async Task Query_SpelledInAnotherCase_IsKeyedAsTheEndpointReadsIt()
    {
        await using var host = await ApplicationHost.StartAsync(static endpoint => endpoint.CacheOutput(static policy => policy.SetVaryByQuery("page")));

        await host.GetAsync("/a?page=2");
        var other = await host.GetAsync("/a?PAGE=3");

        Assert.Equal("2 /a?PAGE=3", other.Body);
    }

    [Fact]
    public async Task Query_OfWhichThePolicyNamesNothing_IsNeitherKeyedNorSent()
    {
        await using var host = await ApplicationHost.StartAsync(static endpoint => endpoint.CacheOutput(new WrittenPolicy()));

        var first = await host.GetAsync("/a?x=1");
        var second = await host.GetAsync("/a?x=2");

        Assert.Equal(("1 /a", "HIT"), (first.Body, second.Cache));
    }

    [Fact]
    public async Task Header_ThatThePolicyNames_IsKeyedAndSent()
    {
        await using var host = await ApplicationHost.StartAsync(static endpoint => endpoint.CacheOutput(static policy => policy.SetVaryByHeader("X-Seen")));

        var one = await host.GetAsync("/a", "X-Seen: one");
        var two = await host.GetAsync("/a", "x-seen: two");
        var again = await host.GetAsync("/a", "X-Seen: one");

        Assert.Equal(("1 /a one", "2 /a two", "HIT"), (one.Body, two.Body, again.Cache));
    }

    [Fact]
    public async Task Header_ThatThePolicyDoesNotName_DoesNotReachTheEndpoint()
    {
        await using var host = await ApplicationHost.StartAsync(static endpoint => endpoint.CacheOutput());

        var first = await host.GetAsync("/a", "X-Seen: poison");

        Assert.Equal("1 /a", first.Body);
    }

    [Fact]
    public async Task Host_ByDefault_IsKeyed()
    {
        await using var host = await ApplicationHost.StartAsync(static endpoint => endpoint.CacheOutput());

        await host.GetAsync("/a", "Host: one.test");
        var other = await host.GetAsync("/a", "Host: two.test");

        Assert.Equal("MISS", other.Cache);
    }

    [Fact]
    public async Task Host_ThatThePolicyDoesNotVaryBy_IsNeitherKeyedNorSent()
    {
        await using var host = await ApplicationHost.StartAsync((app, host) =>
            app.MapGet("/a", (HttpContext context) => $"[{context.Request.Host}]").CacheOutput(static policy => policy.SetVaryByHost(false)));

        var first = await host.GetAsync("/a", "Host: one.test");
        var other = await host.GetAsync("/a", "Host: two.test");

        Assert.Equal(("[]", "HIT"), (first.Body, other.Cache));
    }

    [Theory]
    [InlineData("value")]
    [InlineData("prefix")]
    [InlineData("route value")]
    [InlineData("tag")]
    public async Task Request_ThatDiffersInWhatThePolicyMakesOfIt_HasAnEntryOfItsOwn(string by)
    {
        await using var host = await ApplicationHost.StartAsync(endpoint => endpoint.CacheOutput(policy => policy.AddPolicy<Tenant>().SetVaryByQuery([])), before: app => app.Use((context, next) =>
        {
            context.Items["by"] = by;
            return next(context);
        }));

        await host.GetAsync("/a", "X-Tenant: one");
        var two = await host.GetAsync("/a", "X-Tenant: two");
        var again = await host.GetAsync("/a", "X-Tenant: one");

        Assert.Equal(("MISS", "HIT", 2), (two.Cache, again.Cache, host.Answered));
    }

    [Fact]
    public async Task Value_ThatIsVariedBy_IsFoundByTheEndpoint()
    {
        await using var host = await ApplicationHost.StartAsync((app, _) => app.MapGet("/a", (HttpContext context) =>
                context.Features.Get<IOutputCacheFeature>()!.Context.CacheVaryByRules.VaryByValues["tenant"])
            .CacheOutput(static policy => policy.VaryByValue(static context => new("tenant", context.Request.Headers["X-Tenant"].ToString()))));

        var one = await host.GetAsync("/a", "X-Tenant: one");
        var two = await host.GetAsync("/a", "X-Tenant: two");

        Assert.Equal(("one", "two"), (one.Body, two.Body));
    }

    [Fact]
    public async Task Values_ThatCouldBeJoinedInTwoWays_AreTwo()
    {
        await using var host = await ApplicationHost.StartAsync(static endpoint => endpoint.CacheOutput(new WrittenPolicy
        {
            Request = static context =>
            {
                var said = context.HttpContext.Request.Headers["X-Values"].ToString().Split('|');
                for (var i = 0; i + 1 < said.Length; i += 2) context.CacheVaryByRules.VaryByValues[said[i]] = said[i + 1];
            },
        }));

        string[] spellings = ["a|b", "a|bc", "ab|c", "a|b|c|d", "a|b\u001ec\u001ed", "a|", ""];
        foreach (var spelling in spellings) await host.GetAsync("/a", $"X-Values: {Uri.EscapeDataString(spelling).Replace("%7C", "|", StringComparison.Ordinal)}");

        Assert.Equal(spellings.Length, host.Answered);
    }

    [Fact]
    public async Task Routes_ThatShareAPolicyAndAPath_HaveEntriesOfTheirOwn()
    {
        var policy = new WrittenPolicy { Request = static context => context.CacheVaryByRules.VaryByHost = false };
        await using var host = await ApplicationHost.StartAsync((app, host) =>
        {
            app.MapGet("/a", () => "one").RequireHost("one.test").CacheOutput(policy);
            app.MapGet("/a", () => "two").RequireHost("two.test").CacheOutput(policy);
        });

        var one = await host.GetAsync("/a", "Host: one.test");
        var two = await host.GetAsync("/a", "Host: two.test");

        Assert.Equal(("one", "two"), (one.Body, two.Body));
    }

    [Fact]
    public async Task Cookie_ThatThePolicyVariesBy_MakesEntriesOfItsOwn()
    {
        await using var host = await ApplicationHost.StartAsync((app, host) => app.MapGet("/a", (HttpContext context) => $"{host.Count(context)} {context.Request.Cookies["who"]}")
            .CacheOutput(static policy => policy.SetVaryByHeader("Cookie")));

        var me = await host.GetAsync("/a", "Cookie: who=me");
        var you = await host.GetAsync("/a", "Cookie: who=you");
        var again = await host.GetAsync("/a", "Cookie: who=me");

        Assert.Equal(("1 /a me", "2 /a you", "HIT"), (me.Body, you.Body, again.Cache));
    }

    [Fact]
    public async Task Cookie_ThatTheApplicationCallsNoCredential_IsNeitherKeyedNorSent()
    {
        await using var host = await ApplicationHost.StartAsync(
            (app, host) => app.MapGet("/a", (HttpContext context) => $"{host.Count(context)} {context.Request.Cookies["who"]}".Trim()).CacheOutput(),
            services: static services => services.AddSingleton(new CredentialOptions { Headers = ["Authorization"] }));

        var me = await host.GetAsync("/a", "Cookie: who=me");
        var you = await host.GetAsync("/a", "Cookie: who=you");

        Assert.Equal(("1 /a", "HIT"), (me.Body, you.Cache));
    }

    [Fact]
    public async Task AuthenticatedCaller_WhomThePolicyAdmits_HasEntriesOfItsOwnAndIsKnownToTheEndpoint()
    {
        await using var host = await ApplicationHost.StartAsync(static endpoint => endpoint.CacheOutput(new WrittenPolicy()), before: Authenticate);

        var me = await host.GetAsync("/a", "Authorization: me");
        var you = await host.GetAsync("/a", "Authorization: you");
        var again = await host.GetAsync("/a", "Authorization: me");
        var nobody = await host.GetAsync("/a");

        Assert.Equal(("1 /a  me", "2 /a  you", "HIT", "3 /a"), (me.Body, you.Body, again.Cache, nobody.Body));
    }

    [Fact]
    public async Task AuthenticatedCaller_WhomNoFieldTells_Passes()
    {
        await using var host = await ApplicationHost.StartAsync(static endpoint => endpoint.CacheOutput(new WrittenPolicy()), before: static app => app.Use(static (context, next) =>
        {
            context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, context.Request.Headers["X-Certificate"].ToString())], "certificate"));
            return next(context);
        }));

        await host.GetAsync("/a", "X-Certificate: me");
        var you = await host.GetAsync("/a", "X-Certificate: you");

        Assert.Equal(("BYPASS", "2 /a  you"), (you.Cache, you.Body));
    }

    [Fact]
    public async Task Post_ThatThePolicyAdmits_IsKeyedWithItsBody()
    {
        await using var host = await ApplicationHost.StartAsync((app, host) => app.MapPost("/a", async (HttpContext context) =>
            $"{host.Count(context)} {await new StreamReader(context.Request.Body).ReadToEndAsync()}").CacheOutput(new WrittenPolicy()));

        var one = await host.SendAsync(HttpMethod.Post, "/a", Json("""{"q":1}"""));
        var two = await host.SendAsync(HttpMethod.Post, "/a", Json("""{"q":2}"""));
        var again = await host.SendAsync(HttpMethod.Post, "/a", Json("""{"q":1}"""));

        Assert.Equal(("""1 /a {"q":1}""", """2 /a {"q":2}""", "HIT"), (one.Body, two.Body, again.Cache));
    }

    [Fact]
    public async Task PathBase_OfTheApplication_IsThereInTheFill()
    {
        await using var host = await ApplicationHost.StartAsync(
            (app, _) => app.MapGet("/a", (HttpContext context) => $"{context.Request.PathBase} {context.Request.Path}").CacheOutput(),
            before: static app => app.UsePathBase("/base"));

        var within = await host.GetAsync("/base/a");
        var outside = await host.GetAsync("/a");

        Assert.Equal(("/base /a", "/a"), (within.Body, outside.Body.Trim()));
    }

    [Fact]
    public async Task Target_ThatIsRewrittenByMiddleware_IsKeyedAndPurgedAsItWasRouted()
    {
        await using var host = await ApplicationHost.StartAsync(
            (app, host) =>
            {
                app.MapGet("/new/{variant}", (HttpContext context) => host.Count(context)).CacheOutput();
                app.MapPost("/new/{variant}", () => "changed");
            },
            before: static app => app.Use(static (context, next) =>
            {
                if (context.Request.Path == "/old") (context.Request.Path, context.Request.QueryString) = ($"/new/{context.Request.Headers["X-Variant"]}", new QueryString("?q=1"));
                return next(context);
            }));

        var one = await host.GetAsync("/old", "X-Variant: 1");
        var two = await host.GetAsync("/old", "X-Variant: 2");
        var direct = await host.GetAsync("/new/1?q=1");
        await host.SendAsync(HttpMethod.Post, "/old", null, "X-Variant: 1");
        var after = await host.GetAsync("/new/1?q=1");

        Assert.Equal(("1 /new/1?q=1", "2 /new/2?q=1", "HIT", "MISS"), (one.Body, two.Body, direct.Cache, after.Cache));
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private static void Authenticate(IApplicationBuilder app) => app.Use(static (context, next) =>
    {
        if (context.Request.Headers.Authorization is [{ } name]) context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, name)], "test"));
        return next(context);
    });

    /// <summary>Makes one header vary in the way that the request's items say.</summary>
    private sealed class Tenant : IOutputCachePolicy
    {
        public ValueTask CacheRequestAsync(OutputCacheContext context, CancellationToken cancellation)
        {
            var tenant = context.HttpContext.Request.Headers["X-Tenant"].ToString();
            switch (context.HttpContext.Items["by"])
            {
                case "value":
                    context.CacheVaryByRules.VaryByValues["tenant"] = tenant;
                    break;
                case "prefix":
                    context.CacheVaryByRules.CacheKeyPrefix = tenant;
                    break;
                case "route value":
                    context.HttpContext.Request.RouteValues["tenant"] = tenant;
                    context.CacheVaryByRules.RouteValueNames = "tenant";
                    break;
                default:
                    context.Tags.Add(tenant);
                    break;
            }
            return ValueTask.CompletedTask;
        }

        public ValueTask ServeFromCacheAsync(OutputCacheContext context, CancellationToken cancellation) => ValueTask.CompletedTask;

        public ValueTask ServeResponseAsync(OutputCacheContext context, CancellationToken cancellation) => ValueTask.CompletedTask;
    }
}
