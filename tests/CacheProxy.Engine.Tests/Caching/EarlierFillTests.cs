using CacheProxy.Engine.Caching;
using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Policies;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace CacheProxy.Engine.Tests.Caching;

/// <summary>A request that looked into memory while a fill was running, and comes to join it when it has ended.</summary>
public sealed class EarlierFillTests
{
    [Theory]
    [InlineData("", "HIT", 1)]
    [InlineData("no-cache", "MISS", 2)]
    public async Task Request_ThatComesTooLateToJoin_IsAnsweredByWhatTheFillStored(string control, string expected, int asked)
    {
        await using var host = await RoutedHost.StartAsync(
            static _ => RoutedAnswer.Json("{}"), null, new CachePolicyConfig { Name = "item", Key = "item:{id}", Ttl = "60s", RequestDirectives = "Honor" });
        var context = Request(host, "/item/1");
        if (control.Length > 0) context.Request.Headers.CacheControl = control;
        var policy = context.GetEndpoint()!.Metadata.GetRequiredMetadata<CachePolicy>();
        policy.Plan(context, null, out var plan);
        var directives = Engine.Http.Freshness.OfRequest(context.Request.Headers);
        var looked = host.Get<Hits>().Find(context, plan!, directives);

        await host.GetAsync("/item/1");
        await host.Get<FillClient>().AnswerAsync(context, new FillDemand(plan!, looked, directives, 0));

        Assert.Equal((expected, asked), (context.Response.Headers["X-Cache"].ToString(), host.Origin.Count));
    }

    private static DefaultHttpContext Request(RoutedHost host, string target)
    {
        var context = new DefaultHttpContext { Request = { Method = "GET", Scheme = "http", Host = new HostString("localhost"), Path = target } };
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = target;
        context.Request.RouteValues["id"] = target.Split('/')[^1];
        context.SetEndpoint(host.Get<EndpointDataSource>().Endpoints.Single(static endpoint => endpoint.Metadata.GetMetadata<CachePolicy>() is not null));
        return context;
    }
}
